"""Every method of Flatfile's client for jobs, events and actions: that a test shows it, and what it does with a wrong key or id."""

import ast
import inspect
from pathlib import Path

import pytest
from flatfile import AsyncFlatfile, Flatfile
from flatfile.events import Context

pytestmark = pytest.mark.must_run

HERE = Path(__file__).parent
CONTEXT = Context(account_id="us_acc_x", environment_id="us_env_default")
JOB = {"type": "workbook", "operation": "export", "source": "us_wb_1"}
ACTION = {"target_id": "us_wb_1", "label": "Export", "operation": "export"}
EMPTY_PLAN = {"field_mapping": [], "unmapped_source_fields": [], "unmapped_destination_fields": []}
MUTATION = {
    "sheet_id": "us_sh_1",
    "mutate_record": "(record) => record",
    "mutation_id": "1",
    "snapshot_label": "before",
    "snapshot_id": "us_ss_1",
    "filter": "valid",
    "filter_field": "email",
    "search_value": "a",
    "search_field": "email",
    "q": "email eq a",
    "ids": ["us_rc_1"],
}

SHOWN = {
    "jobs.list": "test_flatfile_lists.test_every_parameter_is_known",
    "jobs.create": "test_flatfile_create.test_all_fields_are_taken_together",
    "jobs.get": "test_flatfile_create.test_each_field_comes_back_as_it_was_sent",
    "jobs.update": "test_flatfile_lives.test_every_field_is_updated",
    "jobs.delete": "test_flatfile_lives.test_a_deleted_job_is_gone",
    "jobs.execute": "test_flatfile_lives.test_a_manual_job_is_executed_acked_ticked_completed_and_its_outcome_seen",
    "jobs.get_execution_plan": "test_flatfile_plans.test_a_new_job_has_an_empty_plan",
    "jobs.update_execution_plan": "test_flatfile_plans.test_a_whole_plan_comes_back_as_it_was_sent_and_the_job_runs",
    "jobs.update_execution_plan_fields": "test_flatfile_plans.test_a_field_of_a_plan_is_set_alone",
    "jobs.ack": "test_flatfile_lives.test_an_ack_tells_all_that_it_may",
    "jobs.ack_outcome": "test_flatfile_lives.test_a_manual_job_is_executed_acked_ticked_completed_and_its_outcome_seen",
    "jobs.complete": "test_flatfile_lives.test_a_manual_job_is_executed_acked_ticked_completed_and_its_outcome_seen",
    "jobs.fail": "test_flatfile_lives.test_a_failed_job_is_run_again_as_a_new_one",
    "jobs.cancel": "test_flatfile_lives.test_a_job_is_canceled_with_and_without_a_reason",
    "jobs.retry": "test_flatfile_lives.test_a_failed_job_is_run_again_as_a_new_one",
    "jobs.split": "test_flatfile_split.test_parts_run_and_the_listener_ends_their_job",
    "jobs.preview_mutation": "test_flatfile_surface.test_a_mutation_of_sheets_is_not_supported",
    "events.list": "test_flatfile_events.test_every_parameter_of_the_list_together",
    "events.create": "test_flatfile_events.test_an_event_is_published_with_all_that_it_may_have",
    "events.get": "test_flatfile_events.test_an_event_is_published_with_all_that_it_may_have",
    "events.ack": "test_flatfile_events.test_an_event_is_taken_off_the_list_once_acknowledged",
    "events.get_event_token": "test_flatfile_events.test_there_is_no_token_for_another_service",
    "actions.create": "test_flatfile_actions.test_an_action_has_all_that_it_may_and_comes_back_as_it_was_sent",
    "actions.bulk_create": "test_flatfile_actions.test_many_are_made_by_one_call",
    "actions.get_all": "test_flatfile_actions.test_actions_are_listed_and_none_spoils_the_list",
    "actions.get": "test_flatfile_actions.test_an_action_has_all_that_it_may_and_comes_back_as_it_was_sent",
    "actions.update": "test_flatfile_actions.test_every_field_is_changed",
    "actions.delete": "test_flatfile_actions.test_one_that_is_removed_is_gone",
}
"""Each method, and the test that shows it at its best."""

KINDS = {"jobs": "jb", "events": "ev", "actions": "ac"}
"""What the client is tested for, and the kinds of their ids."""
LEAST = {
    "jobs.list": lambda call, _: call(),
    "jobs.create": lambda call, _: call(**JOB),
    "jobs.update": lambda call, name: call(name, info="x"),
    "jobs.update_execution_plan": lambda call, name: call(name, file_id="us_fl_1", job_id=name, **EMPTY_PLAN),
    "jobs.update_execution_plan_fields": lambda call, name: call(name, file_id="us_fl_1", job_id=name),
    "jobs.split": lambda call, name: call(name, parts=2),
    "jobs.preview_mutation": lambda call, _: call(sheet_id="us_sh_1", mutate_record="(record) => record"),
    "events.list": lambda call, _: call(),
    "events.create": lambda call, _: call(topic="sheet:updated", domain="sheet", payload={}, context=CONTEXT),
    "events.get_event_token": lambda call, _: call(),
    "actions.create": lambda call, _: call(space_id="us_sp_default", **ACTION),
    "actions.bulk_create": lambda call, _: call(space_id="us_sp_default", request=[ACTION]),
    "actions.get_all": lambda call, _: call(space_id="us_sp_default"),
}
"""The least that each method can be called with, where that is not the id alone."""
WITHOUT_ID = {
    "jobs.list", "jobs.create", "jobs.preview_mutation", "events.list", "events.create", "events.get_event_token",
    "actions.create", "actions.bulk_create", "actions.get_all",
}  # fmt: skip


def public(client):
    """The methods of a client's jobs, events and actions, by name."""
    return {
        f"{resource}.{name}": method
        for resource in KINDS
        for name, method in inspect.getmembers(getattr(client, resource), callable)
        if not name.startswith("_")
    }


def call(client, method, name):
    resource, _, short = method.partition(".")
    bound = getattr(getattr(client, resource), short)
    return LEAST.get(method, lambda call, name: call(name))(bound, name)


@pytest.mark.parametrize("client", [Flatfile, AsyncFlatfile])
def test_every_method_of_the_client_is_shown_by_a_test(client):
    methods = public(client(base_url="http://127.0.0.1:9/v1", token="none"))
    assert set(methods) == set(SHOWN)
    assert LEAST.keys() | WITHOUT_ID <= SHOWN.keys()
    assert {inspect.iscoroutinefunction(method) for method in methods.values()} == {client is AsyncFlatfile}


@pytest.mark.parametrize("method", SHOWN)
def test_that_test_calls_the_method(method):
    module, _, name = SHOWN[method].partition(".")
    tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
    (test,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    assert "flatfile" in {argument.arg for argument in test.args.args}
    used = {ast.unparse(node) for node in ast.walk(test) if isinstance(node, ast.Attribute)}
    assert f"flatfile.{method}" in used


@pytest.fixture(scope="module")
def stranger(connected):
    return connected("tw_wrong_key")


@pytest.mark.parametrize("method", SHOWN)
def test_a_wrong_key_is_refused(stranger, refused, method):
    with refused(401, "unauthorized"):
        call(stranger, method, "us_jb_0000000001")


@pytest.mark.parametrize("method", sorted(SHOWN.keys() - WITHOUT_ID))
def test_an_unknown_id_is_not_found(flatfile, refused, method):
    for name in (f"us_{KINDS[method.partition('.')[0]]}_zzzzzzzzzz", "nothing"):
        with refused(404, "not_found", key="id"):
            call(flatfile, method, name)


def test_a_mutation_of_sheets_is_not_supported(flatfile, refused, parameters):
    assert set(MUTATION) == parameters(flatfile.jobs.preview_mutation)
    with refused(404, "not_supported"):
        flatfile.jobs.preview_mutation(**MUTATION)


def test_environments_and_spaces_are_found_as_the_clients_command_line_does(flatfile):
    (environment,) = flatfile.environments.list(page_size=100).data
    assert environment.id == "us_env_default"
    assert flatfile.environments.get(environment.id).data.account_id == environment.account_id
    assert flatfile.spaces.get("us_sp_default").data.environment_id == environment.id
