"""One room a sort of value: its pattern, its rewriting, what can be wrong with it, examples."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.fields.field import Kind
from calltools.fields.kinds import currency, flag, identifier, money, phone, seconds, text, unix_time, url

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            identifier.USER_ID,
            identifier.CLIENT_ID,
            identifier.CLICK_ID,
            unix_time.KIND,
            flag.KIND,
            money.KIND,
            currency.KIND,
            phone.KIND,
            seconds.KIND,
            text.KIND,
            url.KIND,
        )
    }
)
