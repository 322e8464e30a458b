"""Where results go, under which licence, and who sees them."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from corpus.licenses import OPEN_LICENSES, require_hub_license
from corpus.settings.part import DeskPart

RepoId = Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$", max_length=96)]


class PublishSettings(DeskPart):
    """Where results go and under which licence."""

    dataset: RepoId = Field(description="data set repo, 'owner/name'")
    topic_model: RepoId | None = Field(None, description="needed where the desk has topics")
    entity_model: RepoId | None = Field(None, description="needed where it has entity types")
    instruction_model: RepoId | None = Field(
        None, description="needed for copydesk train sft; its offline base goes to …-base"
    )
    instruction_base: RepoId | None = Field(
        None,
        description="where the offline base goes instead; a new name makes a new one, for labels "
        "that changed",
    )
    tokenizer: RepoId | None = Field(
        None, description="needed for copydesk train tokenizer, unless --no-publish keeps it here"
    )
    license: Annotated[str, AfterValidator(require_hub_license)] = Field(
        description="the Hub's id of the licence, for example cc0-1.0, or other"
    )
    license_name: str | None = Field(None, description="of a licence with the id other")
    license_link: str | None = Field(None, description="where a licence with the id other is read")
    text_licenses: list[str] = Field(
        [*OPEN_LICENSES, "public-domain"],
        description="licences of articles whose text may be published; of articles under another "
        "one only labels are. '' stands for articles without a licence, which are withheld, too, "
        "once source.license or source.columns.license is set",
    )
    language: str = Field("en", description="of the articles, as the Hub writes it")
    pretty_name: str = Field(description="title of the cards")
    private: bool = Field(
        False, description="hide the repositories; what is hidden is never shown by us"
    )

    @model_validator(mode="after")
    def base_has_its_own_repository(self) -> "PublishSettings":
        """Adapters are versions of one repository, and their base has one version for good."""
        if self.instruction_base and self.instruction_base == self.instruction_model:
            raise ValueError(
                f"instruction_base and instruction_model are both {self.instruction_base!r}; give "
                "the base a repository of its own"
            )
        return self

    @model_validator(mode="after")
    def other_licence_has_a_name(self) -> "PublishSettings":
        """Readers of a card must be able to find out what they may do."""
        if self.license == "other" and not (self.license_name and self.license_link):
            raise ValueError("license 'other' needs license_name and license_link")
        if self.license != "other" and (self.license_name or self.license_link):
            raise ValueError(
                f"license_name and license_link belong to license 'other', not {self.license!r}"
            )
        return self
