"""One Prefect flow per file. The only room that imports prefect."""
