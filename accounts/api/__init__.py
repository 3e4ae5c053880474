"""The frame of the API: keys, problems, pages, requests sent twice. Rooms put their resources into it; see docs/api.md."""
