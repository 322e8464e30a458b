"""What a manifest consists of: a model for each thing that a card tells about."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class ManifestPart(BaseModel):
    """Every part of a manifest is frozen and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(ManifestPart):
    """A figure with its interval."""

    value: float
    low: float
    high: float


class Provenance(ManifestPart):
    """Which code and which desk made it."""

    copydesk_version: str
    code_revision: str = Field(
        description="commit of the flows, with -dirty after uncommitted changes, or 'unknown'"
    )
    desk: str
    desk_digest: str


class License(ManifestPart):
    """``name`` and ``link`` of a licence that the Hub has no identifier for (id: other)."""

    id: str = Field(min_length=1)
    name: str | None = None
    link: str | None = None


class Answers(ManifestPart):
    """Whose answers it rests on."""

    submitted: int = Field(description="submitted answers that count")
    discarded: int
    simulated: int = Field(description="of the submitted, by simulated reviewers")
    annotators: int
    first: str = Field(description="time of the first answer, ISO 8601, or empty")
    last: str


class Guidelines(ManifestPart):
    """What annotators read; ``text`` is None for a revision older than the ledger's memory."""

    revision: str = Field(description="first 12 hex digits of the text's sha256")
    text: str | None


class Source(ManifestPart):
    """Where the articles come from."""

    name: str
    rows: dict[str, int] = Field(description="source of a row → rows")
    first_published: str
    last_published: str
    characters_median: float
    characters_max: int
    withheld: int = Field(description="rows whose licence forbids to pass the text on")


class Label(ManifestPart):
    """One topic or entity type."""

    definition: str
    rows: dict[str, int] = Field(description="split → articles of a topic, spans of a type")
    total: int


class Review(ManifestPart):
    """How answers became gold."""

    min_submitted: int
    reviewed: int
    unresolved: int
    quarantined: int
    rules: dict[str, int]


class Agreement(ManifestPart):
    """Between annotators, over articles with two answers or more."""

    articles: int
    topic_percent: Estimate | None
    topic_alpha: Estimate | None
    span_f1: Estimate | None


class Suggestions(ManifestPart):
    """What annotators were shown, how much of it they kept, and whether it pulled them.

    ``agreement_blind`` and ``agreement_shown`` compare annotators with each other on articles
    without and with suggestions: suggestions that pull make people agree with each other, too.
    """

    agents: list[str]
    topics_shown: int
    topics_kept: int
    topic_rate: Estimate | None
    spans_shown: int
    spans_kept: int
    span_rate: Estimate | None
    agreement_blind: Agreement | None
    agreement_shown: Agreement | None


class Splits(ManifestPart):
    """How articles were divided."""

    policy: str
    leaks: int = Field(description="near-duplicate pairs that stand in different splits")
    blind_percent: float = Field(description="that the desk draws now")
    blind_rows: int
    blind_test: bool = Field(description="the test split has articles, and all of them are blind")


class DatasetChanges(ManifestPart):
    """Against the last published version."""

    since: str = Field(description="its tag")
    added: int
    removed: int
    relabelled: int
    moved: int = Field(description="articles in another split than before")


class Stage(ManifestPart):
    """What a part of a training cost."""

    wall_seconds: float
    cpu_seconds: float


class Training(ManifestPart):
    """How a model came about; seconds are of the one training, None where unknown."""

    key: str
    seed: int
    settings: dict[str, Any]
    examples: int
    diagnosis: str
    wall_seconds: float | None
    cpu_seconds: float | None
    stages: dict[str, Stage] = Field(
        default_factory=dict, description="of SFT and GRPO, which the seconds are the sum of"
    )
    environment: dict[str, str]


class Lineage(ManifestPart):
    """What it was made from."""

    base_model: str
    base_license: str | None
    dataset: str
    dataset_revision: str
    dataset_tag: str
    dataset_digest: str = Field(description="hash of its articles, splits and gold labels")
    test_digest: str = Field(description="the same of its test split alone")
    guidelines: list[str] = Field(description="revisions that annotators of its data read")


class WrongAnswer(ManifestPart):
    """An article of the test split that the model gets wrong."""

    id: str
    excerpt: str = Field(description="its beginning, empty where the text may not be passed on")
    gold: list[str]
    predicted: list[str]


class Prompt(ManifestPart):
    """What an instruction model is told besides the article."""

    system: str
    instructions: list[str] = Field(description="of the user, below the article; one of these")
    schema_version: int
    template: str = Field(description="sha256 of the chat template, first 12 hex digits")


class Generation(ManifestPart):
    """What an instruction model wrote about an article of the test split."""

    id: str
    excerpt: str = Field(description="the article's beginning")
    gold: str = Field(description="the right answer")
    written: str = Field(description="cut after some hundred characters")
    right: bool
    problem: str = Field(description="why it is no answer, else empty")


class Cut(ManifestPart):
    """How finely a tokenizer cuts some texts; None where they hold no word."""

    tokens: int
    tokens_per_word: float | None
    characters_per_token: float | None
    unknown_share: float | None = Field(description="of its tokens")


class ComparedTexts(ManifestPart):
    """Texts that two tokenizers cut; a word is what white space encloses."""

    texts: int
    words: int
    characters: int
    old: Cut
    new: Cut


class Comparison(ManifestPart):
    """Scores of others on the same test articles, each as ``scores``; empty: not asked."""

    base: dict[str, Any] = Field(description="of the base model without adapter")
    classifiers: dict[str, Any] = Field(description="of the desk's topic and entity models")
    sft: dict[str, Any] = Field(default_factory=dict, description="of the model before GRPO")
    grpo: dict[str, Any] = Field(
        default_factory=dict, description="of the model after GRPO, where this one was kept"
    )


class ReliabilityBin(ManifestPart):
    """Predictions of about the same probability: what they promise, and what came true."""

    confidence: float = Field(description="mean probability")
    accuracy: Estimate = Field(description="share that was right")
    n: int


class Calibration(ManifestPart):
    """How far probabilities can be taken at their word."""

    method: str = Field(description="how they were made")
    n: int = Field(description="predictions: an article's topic, or each span found")
    error: Estimate = Field(description="expected calibration error over the bins")
    chance: float = Field(description="that right probabilities would show at most, by chance")
    bins: list[ReliabilityBin] = Field(description="with as many predictions each")


class ScoreDifference(ManifestPart):
    """A score of the other model (old) and of this one (new) on the same articles."""

    old: float
    new: float
    difference: Estimate = Field(description="new − old, by the paired bootstrap over articles")
    support: int = Field(description="gold articles or spans that it rests on")


class Gate(ManifestPart):
    """May this model replace the last published one? Judged once, before it was published."""

    verdict: Literal["publish", "keep", "not enough evidence"]
    rule: Literal["first publication", "against the published model"]
    reasons: list[str] = Field(description="in words, the one that decides first")
    forced: bool = Field(False, description="published by hand, whatever the verdict")
    against: str = Field(description="tag of the published version, or what always says the same")
    against_revision: str = Field(description="its commit, empty where there is none")
    other_labels: list[str] = Field(
        default_factory=list, description="of the published version that this one does not have"
    )
    test_articles: int
    test_digest: str = Field(description="hash of these articles and their gold")
    score: Literal["accuracy", "topic F1", "span F1", "answer F1"]
    overall: ScoreDifference | None = Field(None, description="None without any test article")
    better_percent: float | None = Field(None, description="of resamples in which it scores higher")
    labels: dict[str, ScoreDifference] = Field(default_factory=dict, description="F1 of each label")
    floor_labels: list[str] = Field(default_factory=list, description="that the floor holds for")
    minimum_test: int
    margin: float
    label_floor: float
    label_support: int


class ScoreChange(ManifestPart):
    """A score of the last published version and of this one."""

    old: float
    new: float


class ModelChanges(ManifestPart):
    """Against the last published version; scores are each on its own test split."""

    since: str
    scores: dict[str, ScoreChange]
    same_test: bool = Field(description="both were scored on the same articles and labels")
    examples_before: int
    settings: list[str] = Field(description="settings with another value")
