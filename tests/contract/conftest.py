"""The comparisons of a life are made in a module of their own: let them say what differs, like a test's."""

import pytest

pytest.register_assert_rewrite("tests.contract.lives")
