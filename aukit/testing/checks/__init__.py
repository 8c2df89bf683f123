"""One file for each kind of component. A check raises `ContractError` with the sentence that is not kept.

Every check takes `make`, a callable that gives a new component and accepts the wiring of its kind by
keyword: a class, a `functools.partial` of one, or what `check_component` makes of a name.
"""
