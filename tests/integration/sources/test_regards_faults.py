"""What goes wrong between a source and REGARDS: tokens, pages, totals and answers."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from epnkit.errors import ConfigurationError, SourceError
from epnkit.replicas.regards_catalog import RegardsCatalog, RegardsProduct
from epnkit.sources import open_source
from epnkit.sources.base import Order
from tests.support.proxy import Fault, Proxy, http
from tests.support.regards import COUNT, CURSOR, Changing, Make, make_product, read, serve_catalog

if TYPE_CHECKING:
    pass

pytest_plugins = ["tests.support.servers", "tests.support.regards_fixtures"]


def test_a_token_that_expires_is_renewed(make: Make, products: list[RegardsProduct]) -> None:
    catalog = Changing("Solar", products)

    def forget(number: int, answer: dict[str, Any]) -> None:
        if number % 3 == 0:
            catalog.tokens.update(dict.fromkeys(catalog.tokens, 0.0))

    catalog.change = forget
    assert read(make(catalog)) == list(range(COUNT))
    # It was forgotten twice in eight requests.
    assert len(catalog.tokens) == 3


def test_a_token_is_renewed_before_it_expires(make: Make, products: list[RegardsProduct]) -> None:
    # It lives no longer than the margin before its end, so it is new with each request.
    catalog = Changing("Solar", products[:300], token_life=5)
    assert read(make(catalog)) == list(range(300))
    assert len(catalog.tokens) == catalog.requests


def test_a_project_that_the_user_is_not_of_is_reported_without_the_password(make: Make) -> None:
    with pytest.raises(ConfigurationError, match="gives no token") as caught:
        make(RegardsCatalog("Other", [make_product(0)])).count()
    assert "replica" not in str(caught.value)


def test_public_products_need_no_token(products: list[RegardsProduct], tmp_path: Path) -> None:
    with serve_catalog(RegardsCatalog("Solar", products, public=True)) as port:
        path = tmp_path / "source.toml"
        path.write_text(
            f'kind = "regards"\nurl = "http://127.0.0.1:{port}"\ntenant = "Solar"\npage = 500\n'
        )
        assert read(open_source(path, CURSOR)) == list(range(COUNT))


def test_products_that_come_and_go_meanwhile_shift_nothing(
    make: Make, products: list[RegardsProduct]
) -> None:
    catalog = Changing("Solar", products)

    def change(number: int, answer: dict[str, Any]) -> None:
        if number == 5:
            early = [make_product(COUNT + n, properties=products[n].properties) for n in range(50)]
            catalog.set_products([*early, *products[120:]])

    catalog.change = change
    found = read(make(catalog))
    # What was there all the time comes once, in its order; what had gone before it was read not.
    assert found == list(range(COUNT))


def test_a_total_that_changes_while_pages_are_counted_is_reported(
    make: Make, products: list[RegardsProduct]
) -> None:
    catalog = Changing("Solar", products)

    def change(number: int, answer: dict[str, Any]) -> None:
        if number == 4:
            catalog.set_products(products[1:])

    catalog.change = change
    with pytest.raises(SourceError, match=r"changed from 534 to 533.*name a cursor"):
        read(make(catalog, order=Order()))


def test_a_page_that_shrinks_is_asked_for_again(make: Make, products: list[RegardsProduct]) -> None:
    catalog = Changing("Solar", products)

    def shrink(number: int, answer: dict[str, Any]) -> None:
        if number in (3, 7):
            del answer["content"][-20:]

    catalog.change = shrink
    assert read(make(catalog)) == list(range(COUNT))


def test_a_page_that_stays_short_is_reported(make: Make, products: list[RegardsProduct]) -> None:
    catalog = Changing("Solar", products)
    catalog.change = lambda number, answer: answer["content"].pop() and None
    with pytest.raises(SourceError, match="holds 99 products instead of 100"):
        read(make(catalog))


def test_a_server_that_allows_smaller_pages_is_read_whole(
    make: Make, products: list[RegardsProduct]
) -> None:
    for order in (CURSOR, Order()):
        source = make(RegardsCatalog("Solar", products, largest=70), "page = 1000", order)
        assert sorted(read(source)) == list(range(COUNT))


def test_another_order_than_asked_for_is_reported(
    make: Make, products: list[RegardsProduct]
) -> None:
    catalog = Changing("Solar", products)
    catalog.change = lambda number, answer: answer["content"].reverse()
    with pytest.raises(SourceError, match="in another order"):
        read(make(catalog))


@pytest.mark.parametrize(
    "fault",
    [
        http("503 Service Unavailable"),
        http("429 Too Many Requests", b"", "Retry-After: 0"),
        Fault("reset", 2000),
        Fault("close", 2000),
        http("200 OK", b'{"content": [{"con', "Content-Type: application/json"),
    ],
)
def test_what_passes_is_tried_again(
    make: Make, products: list[RegardsProduct], fault: Fault
) -> None:
    with ExitStack() as stack:

        def through(port: int) -> int:
            proxy = stack.enter_context(Proxy(port))
            proxies.append(proxy)
            return proxy.port

        proxies: list[Proxy] = []
        source = make(RegardsCatalog("Solar", products), through=through)
        found: list[int] = []
        for number, batch in enumerate(source.batches()):
            if number == 3:
                proxies[0].faults.append(fault)
            found.extend(batch["properties.number"])
        assert found == list(range(COUNT))
        assert not proxies[0].faults


WRONG = [
    (http("200 OK", b"<html>maintenance</html>", "Content-Type: text/html"), "answers no JSON"),
    (http("200 OK", b'{"status": "UP"}', "Content-Type: application/json"), "no page of products"),
    (http("200 OK", b'{"content": [{}], "metadata": {"totalElements": 1}}'), "no identifier"),
]


@pytest.mark.parametrize(("fault", "what"), WRONG)
def test_an_answer_that_is_none_is_reported(
    make: Make, products: list[RegardsProduct], fault: Fault, what: str
) -> None:
    with ExitStack() as stack:
        proxies: list[Proxy] = []

        def through(port: int) -> int:
            proxies.append(stack.enter_context(Proxy(port)))
            return proxies[0].port

        batches = make(RegardsCatalog("Solar", products), through=through).batches()
        assert next(batches).height == 100
        # Each request has a connection of its own: the next is answered by something else.
        proxies[0].faults.append(fault)
        with pytest.raises(SourceError, match=what):
            list(batches)


@pytest.mark.parametrize("status", ["503 Service Unavailable", "429 Too Many Requests"])
def test_a_token_that_is_not_given_at_once_is_asked_for_again(make: Make, status: str) -> None:
    with ExitStack() as stack:

        def through(port: int) -> int:
            proxy = stack.enter_context(Proxy(port))
            proxy.faults.extend([http(status, b"", "Retry-After: 0"), Fault("reset")])
            return proxy.port

        assert make(RegardsCatalog("Solar", [make_product(0)]), through=through).count() == 1


@pytest.mark.parametrize("gateway", [b"<html>login</html>", b'{"error": "x"}', b"[1]"])
def test_an_answer_without_a_token_is_reported(make: Make, gateway: bytes) -> None:
    with ExitStack() as stack:

        def through(port: int) -> int:
            proxy = stack.enter_context(Proxy(port))
            proxy.faults.append(http("200 OK", gateway))
            return proxy.port

        with pytest.raises(SourceError, match="the answer holds no token"):
            make(RegardsCatalog("Solar", []), through=through).count()


def test_user_and_password_follow_no_redirect(make: Make) -> None:
    with ExitStack() as stack:
        elsewhere = stack.enter_context(Proxy(9))

        def through(port: int) -> int:
            proxy = stack.enter_context(Proxy(port))
            target = f"Location: http://127.0.0.1:{elsewhere.port}/token"
            proxy.faults.append(http("307 Temporary Redirect", b"", target))
            return proxy.port

        with pytest.raises(ConfigurationError, match="REGARDS gives no token: it answers 307"):
            make(RegardsCatalog("Solar", []), through=through).count()
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    ("order", "more", "why"),
    [
        (Order("properties.nothing"), "", r"422.*Unknown parameter properties.nothing"),
        (Order("properties.instrument"), "", "Unsupported attribute type for range query"),
        (CURSOR, 'query = "properties.instrument:("', "422.*Correct the query"),
    ],
)
def test_what_regards_refuses_is_reported(
    make: Make, products: list[RegardsProduct], order: Order, more: str, why: str
) -> None:
    with pytest.raises(SourceError, match=why):
        read(make(RegardsCatalog("Solar", products), more, order))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('files = ["RAW"]', "no files of the type 'RAW'"),
        ('search = "opensearch"', "rs-catalog, rs-access-project"),
        ('versions = "last"', "newest, all"),
    ],
)
def test_a_wrong_key_of_the_source_file_is_reported(make: Make, more: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        make(RegardsCatalog("Solar", []), more)
