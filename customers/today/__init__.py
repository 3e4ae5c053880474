"""Today at a property: who comes, who is here, who leaves, and what is to be done."""
