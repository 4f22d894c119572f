"""The people behind the records: households, names, addresses, and what is truly theirs.

Everything here is the truth. How it gets distorted in the shop's systems is `records.py`.
"""

from dataclasses import dataclass

import numpy as np

from crm_warehouse.sample.arrays import BoolArray, FloatArray, IntArray
from crm_warehouse.sample.config import CHUNK_PEOPLE, SampleConfig
from crm_warehouse.sample.vocabulary import (
    CITIES,
    COUNTRIES,
    FIRST_NAMES,
    LAST_NAMES,
    MAIL_DOMAIN_WEIGHT,
    MAIL_DOMAINS,
    STREETS,
    WORK_DOMAINS,
    pool,
)

SAME_HOUSEHOLD = 0.16
OWN_SURNAME_IN_HOUSEHOLD = 0.12
BUYERS = 0.9


@dataclass(frozen=True)
class People:
    """One chunk of people, by position; `person` is the number in the whole shop.

    Attributes:
        household: Number of the household's first person.
        is_buyer: Orders at least once; the others only ever subscribe.
        guest: Checks out without an account whenever possible.
    """

    person: IntArray
    household: IntArray
    country: IntArray
    first: IntArray
    last: IntArray
    city: IntArray
    street: IntArray
    house: IntArray
    postal: IntArray
    mail_style: IntArray
    mail_domain: IntArray
    second_domain: IntArray
    is_buyer: BoolArray
    guest: BoolArray

    @property
    def size(self) -> int:
        """People in the chunk."""
        return len(self.person)


def _pick_word(words: dict[str, str], country: IntArray, chance: FloatArray) -> IntArray:
    """A word of the country's language; low chances (common words) are likelier than even."""
    _, spans = pool(words)
    start = np.array([spans[c.language][0] for c in COUNTRIES])[country]
    length = np.array([spans[c.language][1] for c in COUNTRIES])[country]
    return start + np.floor(length * chance).astype(np.int64)


def _pick_city(country: IntArray, chance: FloatArray) -> IntArray:
    """A city of the country, as a position in CITIES."""
    codes = [c.code for c in COUNTRIES]
    of_country = [[i for i, city in enumerate(CITIES) if city[0] == code] for code in codes]
    start = np.array([group[0] for group in of_country])[country]
    length = np.array([len(group) for group in of_country])[country]
    return start + np.floor(length * chance).astype(np.int64)


def _weighted(rng: np.random.Generator, weights: tuple[float, ...], size: int) -> IntArray:
    """Positions drawn with the given weights."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, rng.random(size), side="right"), len(weights) - 1)


def make_people(config: SampleConfig, chunk: int) -> People:
    """The chunk's people; neighbours in number may share a household."""
    rng = config.rng(chunk, "people")
    first_person = chunk * CHUNK_PEOPLE
    size = min(CHUNK_PEOPLE, config.customers - first_person)
    position = np.arange(size)
    joins = rng.random(size) < SAME_HOUSEHOLD
    joins[0] = False
    head = np.maximum.accumulate(np.where(joins, 0, position))
    country = _weighted(rng, tuple(c.weight for c in COUNTRIES), size)[head]
    own_last = _pick_word(LAST_NAMES, country, rng.random(size) ** 1.4)
    takes_own = joins & (rng.random(size) < OWN_SURNAME_IN_HOUSEHOLD)
    return People(
        person=first_person + position,
        household=first_person + head,
        country=country,
        first=_pick_word(FIRST_NAMES, country, rng.random(size)),
        last=np.where(takes_own, own_last, own_last[head]),
        city=_pick_city(country, rng.random(size))[head],
        street=_pick_word(STREETS, country, rng.random(size))[head],
        house=rng.integers(1, 140, size)[head],
        postal=rng.integers(0, 1000, size)[head],
        mail_style=_weighted(rng, (0.5, 0.2, 0.15, 0.15), size),
        mail_domain=_weighted(rng, MAIL_DOMAIN_WEIGHT, size),
        second_domain=rng.integers(0, len(MAIL_DOMAINS) + len(WORK_DOMAINS), size),
        is_buyer=rng.random(size) < BUYERS,
        guest=rng.random(size) < 0.3,
    )
