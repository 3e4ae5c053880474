"""The frame of the API: keys, problems, pages, requests sent twice. Rooms put their resources in; see docs/api.md."""
