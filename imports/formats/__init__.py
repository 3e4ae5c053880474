"""Known kinds of files, as data: one TOML file each says which column means what.

`kind`      bookings or guests.
`required`  columns without which the file cannot be imported.
`system`    names the ids that the file brings, so that the same file twice finds the same records.
`columns`   what is read from which columns; several columns of one meaning are joined, summed or tried in turn, as
            `imports.mapping` says for each meaning.
`aliases`   other names a column may have.
`values`    words of the file and what they are called here; compared without case.
`note`      columns whose text becomes the stay's note, and the word before each.
`empty`     words that stand for nothing.
`currency`  of amounts that name none.
`escaped`   cells that begin with a formula sign carry an apostrophe before it, as Innkeeper's exports do.
`refused`   columns that are never stored, and why.

`extras.toml` is no format: it names columns that any file may have beside its format's own.
"""
