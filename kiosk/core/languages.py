"""The languages that the kiosk has words for, as locales ("zh_CN")."""

from __future__ import annotations

LANGUAGES = {
    "en": "English",
    "zh_CN": "简体中文",
    "zh_TW": "繁體中文",
    "ja": "日本語",
    "th": "ไทย",
    "ko": "한국어",
    "fr": "Français",
    "de": "Deutsch",
    "es": "Español",
    "ru": "Русский",
}
"""Each by its own name."""
