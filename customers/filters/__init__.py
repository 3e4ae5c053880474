"""The filter language: which guests, as a tree of conditions; read from JSON, and compiled to SQL. Pure."""

from customers.filters.catalogue import Catalogue, Field, OwnField, catalogue_of
from customers.filters.compile import Context, Referred, Sql, compile_tree, is_narrow
from customers.filters.older import short_form
from customers.filters.period import Period, Span
from customers.filters.reading import tree_loads, tree_read
from customers.filters.schema import TREE_SCHEMA
from customers.filters.tree import EMPTY, Condition, Group, Problem, TreeError, tree_dumps, tree_write

__all__ = [
    "EMPTY", "TREE_SCHEMA", "Catalogue", "Condition", "Context", "Field", "Group", "OwnField", "Period", "Problem",
    "Referred", "Span", "Sql", "TreeError", "catalogue_of", "compile_tree", "is_narrow", "short_form", "tree_dumps",
    "tree_loads", "tree_read", "tree_write",
]  # fmt: skip
