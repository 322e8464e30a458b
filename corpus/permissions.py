"""What a desk may pass on of an article: its text, or only its labels."""

from collections.abc import Iterable

from corpus.articles import Article
from corpus.desk import Desk
from corpus.licenses import license_id
from corpus.sources.rows import source_name


def stated_license(desk: Desk, article: Article) -> str:
    """The article's own licence, or the one the desk states for all of its source; else empty.

    ``source.license`` speaks for the source that the desk names now, not for articles that were
    loaded from another one before.
    """
    if article.license or article.source != source_name(desk.source):
        return article.license
    return desk.source.license


def states_licenses(desk: Desk, articles: Iterable[Article] = ()) -> bool:
    """Whether licences are known, by the desk or by an article; if not, the desk's word counts."""
    source = desk.source
    stated = bool(source.license) or source.columns.license is not None
    return stated or any(article.license for article in articles)


def withheld_ids(desk: Desk, articles: Iterable[Article]) -> set[str]:
    """Ids of articles whose text must not be passed on.

    Where licences are known, only those under one of ``publish.text_licenses`` may: an article
    whose licence is unknown or empty is withheld.
    """
    found = list(articles)
    if not states_licenses(desk, found):
        return set()
    allowed = set(map(license_id, desk.publish.text_licenses))
    return {a.id for a in found if license_id(stated_license(desk, a)) not in allowed}
