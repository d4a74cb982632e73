"""What proves the rest: a page that lacks a row, has one too many or was told of nothing that happened is found."""

from __future__ import annotations

import pytest

from .clients import Page
from .cluster import Cluster
from .conftest import StartCluster

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture(scope="module")
def cluster(start_cluster: StartCluster) -> Cluster:
    return start_cluster(webs=1, desks=1)


def spoil(page: Page, kind: str, old: str, new: str) -> None:
    name = f"{kind}-{page.member.account_id}"
    assert old in page.lists[name]
    page.lists[name] = page.lists[name].replace(old, new, 1)


def test_what_a_page_shows_is_compared_with_the_tables(cluster: Cluster) -> None:
    crowd = cluster.crowd(cluster.members(1), tabs=4)
    flow = cluster.orders(cluster.members(1))
    working = "SELECT count(*) FROM trades_order WHERE status = 'new' AND account_id = %s"
    filled = "SELECT count(*) FROM trades_fill JOIN trades_order o ON o.id = order_id WHERE account_id = %s"
    account = crowd.pages[0].member.account_id
    for statement in (working, filled):
        cluster.until(lambda statement=statement: cluster.postgres.ask(statement, account)[0][0] > 2, 40)  # type: ignore[misc]
    cluster.check(crowd, flow)
    crowd.background.stop(crowd.lives)

    status, quantity, fill, numbers = crowd.pages
    spoil(status, "orders", 'data-status="new"', 'data-status="filled"')
    spoil(quantity, "orders", "</progress>0 ", "</progress>1 ")
    spoil(fill, "fills", '<tr id="fill-', '<tr id="fill-1')
    truth = cluster.oracle.numbers()
    numbers.numbers.append(truth[numbers.member.user_id][-1] + 1)

    assert cluster.oracle.untrue(crowd.pages).keys() == {status, quantity, fill}
    assert cluster.oracle.compare(crowd.pages, truth).invented == 1
