-- Words that differ between databases: ROWID_KEY is the integer primary key, DOUBLE PRECISION is a 64-bit float.
-- Times are milliseconds since 1970; JSON is text; truth values are 0 or 1.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE counter (
    kind TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE space (
    id ROWID_KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    link_template TEXT,
    time_zone TEXT NOT NULL,
    job_ms BIGINT,
    file_ms BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    archived_at BIGINT,
    deleted_at BIGINT
);

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    space_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT,
    expires_at BIGINT,
    revoked_at BIGINT,
    every_space BIGINT NOT NULL,
    jobs TEXT,
    topics TEXT,
    old_hash TEXT,
    old_until BIGINT,
    rotated_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX api_key_space ON api_key (space_id, id);

-- A value is sealed under a key of its own, which is wrapped under the master key; owner is '' where it is nobody's.
CREATE TABLE secret (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    description TEXT,
    jobs TEXT,
    wrapped TEXT NOT NULL,
    sealed TEXT NOT NULL,
    size BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE UNIQUE INDEX secret_name ON secret (space_id, name, owner);
-- People. email_key is the address as it is compared; one that was deleted has none.
CREATE TABLE member (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    role TEXT NOT NULL,
    active BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    password_hash TEXT,
    password_at BIGINT,
    deactivated_at BIGINT,
    deleted_at BIGINT
);
CREATE INDEX member_space ON member (space_id, id);
CREATE UNIQUE INDEX member_email ON member (space_id, email_key) WHERE email_key IS NOT NULL;

-- Sessions of browsers: of a member, or of a key by one of its secrets.
CREATE TABLE login (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    member_id BIGINT,
    key_id TEXT,
    stamp TEXT,
    secret_hash TEXT NOT NULL,
    by_link BIGINT NOT NULL,
    address TEXT,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX login_member ON login (member_id, id) WHERE member_id IS NOT NULL;
CREATE INDEX login_key ON login (key_id, id) WHERE key_id IS NOT NULL;
CREATE INDEX login_expiry ON login (expires_at);

-- What serves once: links that log in, tickets of the stream.
CREATE TABLE login_pass (
    id ROWID_KEY,
    kind TEXT NOT NULL,
    space_id BIGINT NOT NULL,
    member_id BIGINT,
    key_id TEXT,
    stamp TEXT,
    login_id BIGINT,
    secret_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX login_pass_member ON login_pass (member_id, id) WHERE member_id IS NOT NULL;
CREATE INDEX login_pass_key ON login_pass (key_id, id) WHERE key_id IS NOT NULL;
CREATE INDEX login_pass_login ON login_pass (login_id) WHERE login_id IS NOT NULL;
CREATE INDEX login_pass_expiry ON login_pass (expires_at);

CREATE TABLE job (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    parent_id BIGINT,
    part BIGINT,
    parts BIGINT,
    followed BIGINT NOT NULL,
    rerun_of BIGINT,
    file_id TEXT,
    priority BIGINT NOT NULL,
    unique_key TEXT,
    spec TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    scheduled_at BIGINT,
    ready_at BIGINT,
    granted_at BIGINT,
    started_at BIGINT,
    attempt_started_at BIGINT,
    finished_at BIGINT,
    acknowledged_at BIGINT,
    cancel_requested_at BIGINT,
    info TEXT,
    progress DOUBLE PRECISION,
    done DOUBLE PRECISION,
    total DOUBLE PRECISION,
    eta_at BIGINT,
    eta_given BIGINT NOT NULL,
    outcome TEXT,
    result TEXT,
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    holder TEXT,
    lease_expires_at BIGINT,
    run_timeout_ms BIGINT NOT NULL,
    queue_timeout_ms BIGINT,
    total_timeout_ms BIGINT NOT NULL,
    due_at BIGINT,
    stalls_at BIGINT,
    stalled_at BIGINT,
    definition_id BIGINT
);

-- What may be claimed, in the order of claiming.
CREATE INDEX job_ready ON job (space_id, name, priority DESC, id) WHERE status = 'ready' AND holder IS NULL;
-- What the engine must look at, and when.
CREATE INDEX job_due ON job (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX job_holder ON job (holder) WHERE holder IS NOT NULL;
CREATE INDEX job_rerun ON job (rerun_of) WHERE rerun_of IS NOT NULL;
CREATE INDEX job_parent ON job (parent_id, part) WHERE parent_id IS NOT NULL;
-- Which part of a split job is next, and which must end with it.
CREATE INDEX job_part ON job (parent_id, part) WHERE part IS NOT NULL AND finished_at IS NULL;
-- The list of a space, however many jobs the others have.
CREATE INDEX job_space ON job (space_id, id);
-- What became of a definition's launches.
CREATE INDEX job_definition ON job (definition_id, id) WHERE definition_id IS NOT NULL;
CREATE INDEX job_definition_open ON job (definition_id, id) WHERE definition_id IS NOT NULL AND finished_at IS NULL;
CREATE UNIQUE INDEX job_unique_key ON job (space_id, unique_key) WHERE unique_key IS NOT NULL AND finished_at IS NULL;

-- What listeners have declared that they can do; seen_at is when a server last said that it serves it.
CREATE TABLE job_type (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    label TEXT
);
CREATE UNIQUE INDEX job_type_code ON job_type (space_id, code);

-- Sessions that take jobs, as their servers have told them last: jobs is a JSON list of the first names that one takes, wishes how many
-- there are. left_at is when one has gone; one that somebody has drained stays so when it comes again.
CREATE TABLE listener (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    holder TEXT NOT NULL,
    key_id TEXT NOT NULL,
    client TEXT,
    host TEXT,
    server TEXT NOT NULL,
    jobs TEXT NOT NULL,
    wishes BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    connected_at BIGINT NOT NULL,
    left_at BIGINT,
    drained_at BIGINT,
    drained_by TEXT
);
CREATE UNIQUE INDEX listener_holder ON listener (holder);
CREATE INDEX listener_space ON listener (space_id, id);
CREATE INDEX listener_server ON listener (server) WHERE left_at IS NULL;
CREATE INDEX listener_left ON listener (left_at) WHERE left_at IS NOT NULL;
CREATE INDEX listener_drained ON listener (drained_at) WHERE drained_at IS NOT NULL;

-- The servers of a shared store, and when each has said last that it is there.
CREATE TABLE server (
    id TEXT NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL
);

-- A job type with its parameters; body is the newest version's. triggers_at is since when its triggers start jobs, triggers_after the
-- event behind which they do, patterns how many topics and patterns they look at meanwhile.
CREATE TABLE definition (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    type_code TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    enabled BIGINT NOT NULL,
    target TEXT,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    triggers_at BIGINT,
    triggers_after BIGINT,
    patterns BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE UNIQUE INDEX definition_code ON definition (space_id, code);
CREATE INDEX definition_space ON definition (space_id, id);
CREATE INDEX definition_type ON definition (space_id, type_code, id);
CREATE INDEX definition_target ON definition (space_id, target, id) WHERE target IS NOT NULL;
CREATE INDEX definition_triggers ON definition (id) WHERE triggers_at IS NOT NULL;
CREATE INDEX definition_patterns ON definition (space_id, patterns) WHERE patterns > 0;

-- How many a space has: to count a hundred thousand takes longer than to make one.
CREATE TABLE definition_count (
    space_id BIGINT PRIMARY KEY,
    count BIGINT NOT NULL
);

CREATE TABLE definition_version (
    definition_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    space_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (definition_id, version)
);
CREATE INDEX definition_version_space ON definition_version (space_id);

-- How far the runs of a definition have come: value is what the last one that moved it said, version rises with each move or reset.
CREATE TABLE watermark (
    definition_id ROWID_KEY,
    space_id BIGINT NOT NULL,
    value TEXT,
    version BIGINT NOT NULL,
    moved_at BIGINT,
    job_id BIGINT,
    succeeded_at BIGINT
);
CREATE INDEX watermark_space ON watermark (space_id);

-- By what the jobs of definitions are found in the history: facets are result, mode and trigger, at is when the job was made.
-- Lists go through the facets that are there, so that each filter reads only what it shows.
CREATE TABLE job_run (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    definition_id BIGINT NOT NULL,
    schedule_id BIGINT,
    at BIGINT NOT NULL,
    facets TEXT NOT NULL,
    reason TEXT
);
CREATE INDEX job_run_definition ON job_run (definition_id, facets, at, id);
CREATE INDEX job_run_space ON job_run (space_id, facets, at, id);
CREATE INDEX job_run_schedule ON job_run (schedule_id, facets, at, id) WHERE schedule_id IS NOT NULL;

-- Definitions that have failed, until their next success: since when, how often, and the last job that did.
CREATE TABLE definition_health (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failed_at BIGINT NOT NULL,
    job_id BIGINT
);
CREATE INDEX definition_health_space ON definition_health (space_id, id);

-- Buttons that make jobs of domain:operation; target is the id of what they stand on.
CREATE TABLE action (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    domain TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX action_space ON action (space_id, id);

-- How far the log was looked through for event triggers: one row. All is done up to a trigger of a definition on an event.
CREATE TABLE trigger_cursor (
    id ROWID_KEY,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    definition_id BIGINT NOT NULL,
    number BIGINT NOT NULL
);

-- The guards of a definition's triggers, by the definition.
CREATE TABLE trigger_state (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX trigger_state_space ON trigger_state (space_id);

-- Starts by events that met a full queue.
CREATE TABLE trigger_wait (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    definition_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX trigger_wait_due ON trigger_wait (due_at, id);
CREATE INDEX trigger_wait_space ON trigger_wait (space_id, id);
CREATE INDEX trigger_wait_definition ON trigger_wait (definition_id);

-- When a definition runs by itself, or an action presses its own button. next_at is the first due time that was not dealt with,
-- fires_at when that is to be done.
CREATE TABLE schedule (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    definition_id BIGINT,
    action_id BIGINT,
    origin TEXT NOT NULL,
    name TEXT,
    enabled BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    owner TEXT NOT NULL,
    fallback_owner TEXT,
    former_owner TEXT,
    next_at BIGINT,
    fires_at BIGINT,
    failures BIGINT NOT NULL,
    paused TEXT,
    asleep TEXT,
    woken_at BIGINT,
    queued_at BIGINT,
    planned_with TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX schedule_space ON schedule (space_id, id);
CREATE INDEX schedule_definition ON schedule (definition_id, id) WHERE definition_id IS NOT NULL;
CREATE INDEX schedule_action ON schedule (action_id) WHERE action_id IS NOT NULL;
CREATE INDEX schedule_fires ON schedule (fires_at, id) WHERE fires_at IS NOT NULL;

-- Due times that were dealt with, each once: a job, or skipped or failed and why; count says how many from due_at to until_at.
CREATE TABLE slot (
    schedule_id BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    space_id BIGINT NOT NULL,
    definition_id BIGINT,
    at BIGINT NOT NULL,
    job_id BIGINT,
    result TEXT,
    reason TEXT,
    count BIGINT NOT NULL,
    until_at BIGINT,
    -- How the schedule was called then, and what more was said than the reason tells.
    name TEXT,
    said TEXT,
    PRIMARY KEY (schedule_id, due_at)
);
-- Those of definitions that became no job, as history finds them.
CREATE INDEX slot_missed ON slot (definition_id, result, at) WHERE result IS NOT NULL AND definition_id IS NOT NULL;
CREATE INDEX slot_missed_space ON slot (space_id, result, at) WHERE result IS NOT NULL AND definition_id IS NOT NULL;
CREATE INDEX slot_missed_schedule ON slot (schedule_id, result, at) WHERE result IS NOT NULL AND definition_id IS NOT NULL;
CREATE INDEX slot_left ON slot (space_id, at) WHERE result IS NOT NULL;
-- Those that stand for many due times.
CREATE INDEX slot_span ON slot (schedule_id, until_at) WHERE until_at IS NOT NULL;
CREATE INDEX slot_job ON slot (at) WHERE result IS NULL;
CREATE INDEX slot_space ON slot (space_id, at);

-- How far schedules have seen the clock go, and the last time over which it has leapt: one row.
CREATE TABLE schedule_clock (
    id ROWID_KEY,
    seen_at BIGINT NOT NULL,
    leapt_from BIGINT,
    leapt_at BIGINT
);

-- How far the log was looked through for what people are told of: one row.
CREATE TABLE notification_cursor (
    id ROWID_KEY,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL
);

-- When a rule has told something last, and what waits to be told with its next message. The rule is number of a definition or schedule
-- (kind, about); starter is the member who started the runs, 0 for those whom the rule itself names.
CREATE TABLE notification_rule (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    about BIGINT NOT NULL,
    number BIGINT NOT NULL,
    starter BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    due_at BIGINT,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX notification_rule_of ON notification_rule (about, kind, number, starter);
CREATE INDEX notification_rule_due ON notification_rule (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX notification_rule_told ON notification_rule (told_at) WHERE due_at IS NULL;
CREATE INDEX notification_rule_space ON notification_rule (space_id);

-- What was told, whoever it goes to.
CREATE TABLE notification_message (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX notification_message_space ON notification_message (space_id, id);

-- One message to one recipient by one channel, until it is there or was given up. Who works on it has moved due_at to the end of its lease.
CREATE TABLE notification_delivery (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    signed TEXT,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX notification_delivery_due ON notification_delivery (due_at, id);
CREATE INDEX notification_delivery_message ON notification_delivery (message_id);
CREATE INDEX notification_delivery_space ON notification_delivery (space_id, id);

-- The inboxes of members.
CREATE TABLE notification (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    read_at BIGINT,
    body TEXT NOT NULL
);
CREATE INDEX notification_member ON notification (member_id, id);
CREATE INDEX notification_unread ON notification (member_id, id) WHERE read_at IS NULL;
CREATE INDEX notification_space ON notification (space_id, id);

-- Webhooks in. door is the last part of the address, which nobody guesses; body is JSON of what else a hook says.
CREATE TABLE hook (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    door TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE UNIQUE INDEX hook_door ON hook (door);
CREATE INDEX hook_space ON hook (space_id, id);

-- What came to hooks, and what became of it. head is JSON of the call without its body, problem of why nothing was started.
CREATE TABLE hook_delivery (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    hook_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    status TEXT NOT NULL,
    job_id BIGINT,
    replay_of BIGINT,
    size BIGINT NOT NULL,
    head TEXT NOT NULL,
    body TEXT NOT NULL,
    problem TEXT
);
CREATE INDEX hook_delivery_hook ON hook_delivery (hook_id, id);
CREATE INDEX hook_delivery_status ON hook_delivery (hook_id, status, id);

-- By what calls that are sent again are known.
CREATE TABLE hook_replay (
    hook_id BIGINT NOT NULL,
    replay_key TEXT NOT NULL,
    space_id BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (hook_id, replay_key)
);
CREATE INDEX hook_replay_age ON hook_replay (at);

-- Where events are posted to. Events behind the place heard_after are for it; body has its topics and filter.
CREATE TABLE endpoint (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    name TEXT,
    url TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    heard_after BIGINT NOT NULL,
    disabled_because TEXT,
    failing_since BIGINT,
    failing_told BIGINT NOT NULL,
    rests_until BIGINT,
    missed BIGINT NOT NULL,
    missed_told_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX endpoint_space ON endpoint (space_id, id);

-- By what webhooks are signed: sealed as secrets are; owner is the id of a hook or an endpoint. One that was replaced holds until its end.
CREATE TABLE signing_secret (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    owner TEXT NOT NULL,
    wrapped TEXT NOT NULL,
    sealed TEXT NOT NULL,
    until BIGINT
);
CREATE INDEX signing_secret_owner ON signing_secret (owner, id);
CREATE INDEX signing_secret_space ON signing_secret (space_id);

-- How far the log was looked through for endpoints: one row.
CREATE TABLE endpoint_cursor (
    id ROWID_KEY,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL
);

-- One event for one endpoint. due_at is the next attempt, or the end of the lease of one that is under way (taken).
CREATE TABLE endpoint_message (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL,
    seq BIGINT,
    topic TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    due_at BIGINT,
    taken BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX endpoint_message_event ON endpoint_message (endpoint_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX endpoint_message_due ON endpoint_message (endpoint_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX endpoint_message_taken ON endpoint_message (endpoint_id) WHERE taken = 1;
CREATE INDEX endpoint_message_of ON endpoint_message (endpoint_id, id);
CREATE INDEX endpoint_message_ended ON endpoint_message (endpoint_id, status, id) WHERE status IN ('failed', 'disabled');
CREATE INDEX endpoint_message_space ON endpoint_message (space_id, id);

CREATE TABLE endpoint_attempt (
    message_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    status BIGINT,
    message TEXT,
    answer TEXT,
    PRIMARY KEY (message_id, number)
);

-- What became of the parts of a job that was split; percent is the sum of those that have not ended.
CREATE TABLE job_split (
    job_id ROWID_KEY,
    digest TEXT NOT NULL,
    parallel BIGINT NOT NULL,
    total BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    canceled BIGINT NOT NULL,
    percent DOUBLE PRECISION NOT NULL
);

-- A job waits for its predecessors; those that have completed are no longer listed as open.
CREATE TABLE job_predecessor (
    job_id BIGINT NOT NULL,
    predecessor_id BIGINT NOT NULL,
    open BIGINT NOT NULL,
    PRIMARY KEY (job_id, predecessor_id)
);
CREATE INDEX job_successor ON job_predecessor (predecessor_id);

-- Only jobs that have tags stand here; their descriptions have the tags too.
CREATE TABLE job_tag (
    space_id BIGINT NOT NULL,
    tag TEXT NOT NULL,
    job_id BIGINT NOT NULL,
    PRIMARY KEY (space_id, tag, job_id)
);
CREATE INDEX job_tag_job ON job_tag (job_id);

CREATE TABLE job_plan (
    job_id ROWID_KEY,
    plan TEXT NOT NULL
);

-- How past runs of jobs of a name went on.
CREATE TABLE job_pace (
    space_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    runs TEXT NOT NULL,
    PRIMARY KEY (space_id, name)
);

CREATE TABLE attempt (
    job_id BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT,
    holder TEXT,
    started_at BIGINT,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (job_id, fence)
);

CREATE TABLE job_log (
    id ROWID_KEY,
    job_id BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    at BIGINT NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    fields TEXT,
    fence BIGINT,
    line BIGINT
);
CREATE INDEX job_log_job ON job_log (job_id, id);
-- A line that its listener numbered is stored once, however often it is sent.
CREATE UNIQUE INDEX job_log_line ON job_log (job_id, fence, line) WHERE line IS NOT NULL;

CREATE TABLE job_curve (
    job_id ROWID_KEY,
    points TEXT NOT NULL
);

-- Where the log ends, and in which database it has grown: elsewhere it may lack events that somebody has seen.
CREATE TABLE log_head (
    id ROWID_KEY,
    epoch TEXT NOT NULL,
    seq BIGINT NOT NULL,
    oldest BIGINT NOT NULL,
    origin TEXT
);

CREATE TABLE event (
    seq ROWID_KEY,
    space_id BIGINT NOT NULL,
    topic TEXT NOT NULL,
    job_id BIGINT,
    terminal BIGINT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL
);
-- A job ends once: the database itself refuses a second terminal event.
CREATE UNIQUE INDEX event_terminal ON event (job_id) WHERE terminal = 1;

-- The events of a space among those of all others; the first space, which most stores have alone, goes without.
CREATE INDEX event_space ON event (space_id, seq) WHERE space_id <> 1;

-- What happened in a space in ten minutes, for people who look how it goes: failures is a JSON list of the last jobs that failed, waited_ms
-- how long a job had waited at most. Made of the log, which was looked through up to activity_cursor (one row).
CREATE TABLE activity (
    space_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    created BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    canceled BIGINT NOT NULL,
    failures TEXT NOT NULL,
    waited_ms BIGINT NOT NULL,
    PRIMARY KEY (space_id, at)
);
CREATE INDEX activity_age ON activity (at);

CREATE TABLE activity_cursor (
    id ROWID_KEY,
    seq BIGINT NOT NULL
);

CREATE TABLE event_ack (
    seq ROWID_KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL
);

-- Cursors into the log that are kept under a name. Whoever follows one has the newest fence, and says again and again that it does:
-- held_until is how long that is believed.
CREATE TABLE subscription (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    topics TEXT NOT NULL,
    filter TEXT,
    epoch TEXT NOT NULL,
    cursor BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    holder TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    alarmed_at BIGINT,
    held_until BIGINT
);
CREATE UNIQUE INDEX subscription_name ON subscription (space_id, name);

CREATE TABLE file (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    job_id BIGINT,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    blob TEXT NOT NULL
);
CREATE INDEX file_space ON file (space_id, id);
CREATE INDEX file_job ON file (job_id) WHERE job_id IS NOT NULL;

-- Who has changed what, from where.
CREATE TABLE audit (
    id ROWID_KEY,
    space_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    before TEXT,
    after TEXT
);
CREATE INDEX audit_space ON audit (space_id, id);
CREATE INDEX audit_target ON audit (space_id, target, id);
CREATE INDEX audit_actor ON audit (space_id, actor, id);

-- Deleted spaces whose audit is still kept; a code may be used again.
CREATE TABLE audit_of_deleted (
    space_id BIGINT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL
);
CREATE INDEX audit_of_deleted_code ON audit_of_deleted (code, space_id);

CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    idem_key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, idem_key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
