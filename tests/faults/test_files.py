"""Requests that hang on a database which says nothing keep each other waiting, but no static file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed

import httpx
import psycopg
import pytest

from config.answering import AT_ONCE
from tests.browser.server import ROOT
from tests.patience import at_most

from .cluster import Cluster
from .conftest import StartCluster, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]

PROMPT = at_most(1.0)


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    """Its web process knows the static files, as one does that is shipped."""
    cluster = start_cluster(webs=1, desks=1, proxied=True)
    web = cluster.webs[0]
    web.end()
    static = web.folder / "var" / "static"
    static.rmdir()
    static.symlink_to(ROOT / "static")
    web.start()
    return cluster


def test_static_files_are_served_while_the_database_hangs(cluster: Cluster, tell: Tell) -> None:
    """Every request hangs at its session, and then nothing comes from the database at all.

    One more is asked than there are threads: whichever comes last is sent away.
    """
    line, cookie = cluster.proxies["postgres"], {"Cookie": f"sessionid={cluster.members(1)[0].session}"}
    client = httpx.Client(base_url=cluster.webs[0].url, timeout=60, headers=cookie)
    with client, ThreadPoolExecutor(AT_ONCE + 1) as askers, psycopg.connect(cluster.postgres.url) as other:
        other.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        asked = [askers.submit(client.get, "/portfolio/") for _ in range(AT_ONCE + 1)]
        sent_away = next(as_completed(asked))
        page, hanging = sent_away.result(), [each for each in asked if each is not sent_away]
        line.become("blackhole")
        names = [name for name in ("js/live.js", "favicon.svg", "nothing.js") for _ in range(4)]
        answers = [client.get(f"/static/{name}") for name in names]
        hung = [each for each in hanging if not each.done()]
        other.rollback()
        line.become("pass")
        statuses = [each.result().status_code for each in hanging]

    slowest = max(answer.elapsed.total_seconds() for answer in answers)
    tell(f"the database hangs: static files after {slowest * 1000:.0f} ms at most, a page after {page.elapsed}")
    assert (page.status_code, len(hung)) == (503, AT_ONCE)
    assert [answer.status_code for answer in answers] == [200] * 8 + [404] * 4
    assert slowest < PROMPT
    assert statuses == [200] * AT_ONCE
