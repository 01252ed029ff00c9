"""The client of Yandex Metrica: requests, responses, and what they mean for an upload."""
