"""The shop's products: eight product types on a price ladder, and a gift card.

A ladder of prices (instead of a random catalogue) lets an order of a wanted value be filled with real products,
so that the value of orders keeps the distribution it was drawn from.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crm_warehouse.sample.arrays import BoolArray, IntArray
from crm_warehouse.sample.config import DAY, NEVER, SampleConfig

PRODUCT_TYPES = ("Coffee", "Tea", "Kitchen", "Ceramics", "Textiles", "Lighting", "Garden", "Books")
NOUNS = {
    "Coffee": "Espresso Filterröstung Cold_Brew Kaffeemühle Handfilter Espressokanne",
    "Tea": "Sencha Earl_Grey Kräutertee Matcha Teekanne Chai",
    "Kitchen": "Schneidebrett Kochmesser Pfanne Schmortopf Waage Reibe",
    "Ceramics": "Becher Schale Teller Vase Krug Backform",
    "Textiles": "Leinenschürze Wolldecke Kissen Badetuch Tischläufer Geschirrtuch",
    "Lighting": "Tischleuchte Pendelleuchte Kerzenhalter Laterne Lichterkette Stehlampe",
    "Garden": "Pflanzkübel Gießkanne Gartenschere Saatgutset Vogelhaus Feuerschale",
    "Books": "Kochbuch Notizbuch Bildband Reiseführer Kalender Gartenbuch",
}
# Textiles come in colours too.
COLOURED_TYPE = "Textiles"
SIZES = ("S", "M", "L")
COLOURS = ("Blau", "Grün", "Rot", "Beige")
STYLES = ("Nord", "Klassik", "Atelier", "Natur")
VENDORS = ("Morgenrot", "Haus & Hof", "Lumen", "Kontor 9")
RUNGS = 24
LOWEST_CENTS, HIGHEST_CENTS = 590, 34_900
GIFT_CARD_CENTS = (2500, 5000, 10_000)
FIRST_PRODUCT_ID = 7_000_000_000_000
FIRST_VARIANT_ID = 40_000_000_000_000


@dataclass(frozen=True)
class Catalogue:
    """Products by position; the gift card is the last one.

    Attributes:
        price: Cents before the price change.
        new_price: Cents after it.
        price_changed_s: When the price changes, or NEVER.
        variants: Variants of the product (all at one price; the gift card's differ).
        sold_out_s: When the first of several variants was sold out the last time, or NEVER.
        restocked_s: When it was there again.
    """

    price: IntArray
    new_price: IntArray
    price_changed_s: IntArray
    title_changed_s: IntArray
    archived_s: IntArray
    created_s: IntArray
    variants: IntArray
    sold_out_s: IntArray
    restocked_s: IntArray

    @property
    def gift_card(self) -> int:
        """Position of the gift card."""
        return len(self.price) - 1

    def is_sold_out(self, product: IntArray, second: IntArray) -> BoolArray:
        """Whether the first variant of a product was out of stock at a moment."""
        return (self.sold_out_s[product] <= second) & (second < self.restocked_s[product])

    def price_at(self, product: IntArray, second: IntArray) -> IntArray:
        """What a product costs at a moment, in cents."""
        return np.where(second >= self.price_changed_s[product], self.new_price[product], self.price[product])


def _some(rng: np.random.Generator, config: SampleConfig, size: int, share: float) -> IntArray:
    """A moment inside the history for a share of the products, NEVER for the rest."""
    moment = rng.integers(config.start_s + 90 * DAY, config.end_s - 30 * DAY, size)
    return np.where(rng.random(size) < share, moment, NEVER)


def _stock_gaps(config: SampleConfig, variants: IntArray) -> tuple[IntArray, IntArray]:
    """When the first variant of some products was sold out and there again: a shop keeps the last time only."""
    rng = config.rng(0, "stock")
    gone = config.end_s - rng.integers(DAY, 30 * DAY, variants.size)
    back = gone + rng.integers(2 * DAY, 20 * DAY, variants.size)
    happens = (rng.random(variants.size) < 0.5) & (variants > 1)
    return np.where(happens, gone, NEVER), np.where(happens, back, NEVER)


def make_catalogue(config: SampleConfig) -> Catalogue:
    """The products of this shop; independent of its number of customers."""
    rng = config.rng(0, "catalogue")
    size = len(PRODUCT_TYPES) * RUNGS
    ladder = np.exp(np.linspace(np.log(LOWEST_CENTS), np.log(HIGHEST_CENTS), RUNGS))
    price = np.tile((np.round(ladder / 50) * 50 - 10).astype(np.int64), len(PRODUCT_TYPES))
    raised = (np.round(price * rng.uniform(1.04, 1.12, size) / 10) * 10).astype(np.int64)
    price_changed, title_changed, archived = (_some(rng, config, size, share) for share in (0.3, 0.15, 0.08))
    created = config.start_s - rng.integers(40, 400, size) * DAY
    variants = rng.integers(1, 4, size)
    sold_out, restocked = _stock_gaps(config, variants)
    return Catalogue(
        price=np.append(price, GIFT_CARD_CENTS[0]),
        new_price=np.append(raised, GIFT_CARD_CENTS[0]),
        price_changed_s=np.append(price_changed, NEVER),
        title_changed_s=np.append(title_changed, NEVER),
        archived_s=np.append(archived, NEVER),
        created_s=np.append(created, config.start_s - 400 * DAY),
        variants=np.append(variants, len(GIFT_CARD_CENTS)),
        sold_out_s=np.append(sold_out, NEVER),
        restocked_s=np.append(restocked, NEVER),
    )


def product_rows(catalogue: Catalogue) -> dict[str, npt.NDArray[np.generic]]:
    """One row per product with its words, for the raw tables."""
    titles, types, vendors = [], [], []
    for position in range(catalogue.gift_card):
        kind, rung = PRODUCT_TYPES[position // RUNGS], position % RUNGS
        nouns = [word.replace("_", " ") for word in NOUNS[kind].split()]
        titles.append(f"{nouns[rung % len(nouns)]} {STYLES[rung // len(nouns)]}")
        types.append(kind)
        vendors.append(VENDORS[position % len(VENDORS)])
    number = np.arange(catalogue.gift_card + 1)
    return {
        "product": number,
        "product_id": FIRST_PRODUCT_ID + number * 1000,
        "title": np.array([*titles, "Gutschein"], dtype=object),
        "product_type": np.array([*types, "Gift Card"], dtype=object),
        "vendor": np.array([*vendors, "Kontor 9"], dtype=object),
        "price_c": catalogue.price,
        "new_price_c": catalogue.new_price,
        "price_changed_s": catalogue.price_changed_s,
        "title_changed_s": catalogue.title_changed_s,
        "archived_s": catalogue.archived_s,
        "created_s": catalogue.created_s,
        "sold_out_s": catalogue.sold_out_s,
        "restocked_s": catalogue.restocked_s,
        "first_variant_id": variant_id(number, np.zeros_like(number)),
    }


def variant_rows(catalogue: Catalogue) -> dict[str, npt.NDArray[np.generic]]:
    """One row per variant: its product, position and price."""
    product = np.repeat(np.arange(catalogue.variants.size), catalogue.variants)
    first = np.repeat(np.cumsum(catalogue.variants) - catalogue.variants, catalogue.variants)
    position = np.arange(product.size) - first
    is_gift = product == catalogue.gift_card
    gift_price = np.array(GIFT_CARD_CENTS)[position]
    sizes = np.array(SIZES, dtype=object)[position]
    coloured = product // RUNGS == PRODUCT_TYPES.index(COLOURED_TYPE)
    colours = np.array([f" / {colour}" for colour in COLOURS], dtype=object)[
        (product + position) % len(COLOURS)
    ]
    gift_names = np.array(["25 €", "50 €", "100 €"], dtype=object)
    return {
        "product": product,
        "position": position + 1,
        "variant_id": variant_id(product, position),
        "title": np.where(is_gift, gift_names[position], np.where(coloured, sizes + colours, sizes)),
        "sku": np.array(
            [f"SKU-{p:04d}-{v + 1}" for p, v in zip(product, position, strict=True)], dtype=object
        ),
        "price_c": np.where(is_gift, gift_price, catalogue.price[product]),
        "new_price_c": np.where(is_gift, gift_price, catalogue.new_price[product]),
    }


def variant_id(product: IntArray, position: IntArray) -> IntArray:
    """Id of a product's variant."""
    return FIRST_VARIANT_ID + product * 10 + position
