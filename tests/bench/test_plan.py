import pytest


@pytest.fixture
def plan(module):
    return module("plan")


def test_every_step_has_its_script_and_its_environment(plan, module, root):
    environments = module("environments")
    for step in (*plan.FULL, *plan.SLOW, *plan.SHORT):
        assert (root / "tests/bench" / step.argv[0]).is_file(), step
        assert step.environment in {environments.OURS, *environments.PACKAGES}, step


def test_every_variant_is_a_class_of_its_script(plan, root):
    for step in (*plan.FULL, *plan.SLOW, *plan.SHORT):
        variant = step.variables.get("BENCH_VARIANT")
        source = (root / "tests/bench" / step.argv[0]).read_text(encoding="utf-8")
        assert variant is None or f"class {variant}(" in source, step


def test_names_of_steps_stand_once(plan):
    names = [step.name for step in plan.FULL + plan.SLOW]
    assert len(names) == len(set(names))


def test_patterns_choose_steps(plan):
    chosen = plan.chosen(plan.FULL, "jobs:tickwire*, fan:nats")
    assert [step.name for step in chosen] == [
        "jobs:tickwire-sqlite",
        "jobs:tickwire-postgres",
        "jobs:tickwire-sqlite-stream",
        "jobs:tickwire-postgres-stream",
        "fan:nats",
    ]
    assert plan.chosen(plan.FULL, "") == list(plan.FULL)


def test_the_trial_needs_nothing_but_its_own_environment(plan):
    assert {(step.environment, step.needs) for step in plan.SHORT} == {("ours", ())}
