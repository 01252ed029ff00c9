"""The far side: what Yandex Metrica is asked, what it answers, and what is remembered of it."""
