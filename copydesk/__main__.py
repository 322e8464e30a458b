"""python -m copydesk"""

from copydesk.commands import main

main()
