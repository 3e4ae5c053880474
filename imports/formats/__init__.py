"""Known kinds of files, as data: one TOML file each says which column means what.

`kind`      guests, bookings, invoices, purchases or consents.
`title`     what it is called.
`required`  columns by which it is recognised; of names in a list of their own one is enough.
`system`    names the ids that the file brings, so that the same file twice finds the same records; else its key.
`columns`   what is read from which columns: a list of names, or a table of `from`, `how`, `by`, `part` and `words` as
            `imports.mapping.layout` explains them. `#` in a name is any number. The names of all languages stand in one
            list: a file has those of one.
`fixed`     what every row of such a file says without a column for it.
`values`    words of the file and what they are called here; compared without case, `*` ends a beginning.
`empty`     words that stand for nothing.
`currency`  of amounts that name none.
`decimal`   the decimal sign of amounts.
`dates`     the order of day, month and year.
`refused`   columns that are never stored, and why.
`ignored`   columns that mean nothing here.

A column that a format does not name is read if its name is known without doubt: `columns/` has what columns are called
in English, Norwegian, Danish, Dutch, Swedish and German, the first name of each being that of the template, and
`words.toml` the words that stand in the cells of any file.
"""
