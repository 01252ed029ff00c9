"""The rules that all peers apply; README.md says them in words."""

from typing import Final

#: 2026-03-10 00:00:00 UTC, "now" for the generated files; a call is at most 21 days old, and 5 minutes ahead.
NOW: Final = 1_773_100_800
OLDEST: Final = NOW - 21 * 86_400
NEWEST: Final = NOW + 300
#: A call lasts a day at most.
LONGEST: Final = 86_400

_IDENTIFIER: Final = "[1-9][0-9]{0,19}"
_FLAG: Final = "[01]"
_SECONDS: Final = "0|[1-9][0-9]{0,9}"
_ADDRESS: Final = "https?://[^ /?#]+([/?#][^ ]*)?"
#: Column -> what a cell that is not empty matches from its first character to its last.
FORMS: Final = {
    "ClientId": _IDENTIFIER,
    "Yclid": _IDENTIFIER,
    "DateTime": "[1-9][0-9]{9}",
    "StaticCall": _FLAG,
    "Price": r"[0-9]+(\.[0-9]+)?",
    "PhoneNumber": r"\+[0-9]{7,15}",
    "TalkDuration": _SECONDS,
    "HoldDuration": _SECONDS,
    "CallMissed": _FLAG,
    "Tag": r"[^\x00-\x09\x0b\x0c\x0e-\x1f\x7f]*",
    "FirstTimeCaller": _FLAG,
    "URL": _ADDRESS,
    "CallTrackerURL": _ADDRESS,
}
_ISO_4217: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
    USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX
    YER ZAR ZMW ZWG
"""
#: The codes in force.
CURRENCIES: Final = frozenset(_ISO_4217.split())
