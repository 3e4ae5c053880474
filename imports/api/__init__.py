"""The API of imports: a file comes in, its columns are told, its rows decided, it goes in or comes out again."""
