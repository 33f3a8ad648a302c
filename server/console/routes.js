// @ts-check
// Every view: its path below /console, where it stands in the rail, and the module that draws it, which is loaded when it is first opened.

/**
 * @typedef {object} View
 * @property {string} path with its parts as ``/jobs/:id``; a component gets them as properties
 * @property {string} name of its place in the rail, of its icon and of its words
 * @property {boolean} [listed] whether the rail has it
 * @property {string} [permission] without which it is not shown
 * @property {boolean} [personal] whether the rail has it for members alone, who are people: a key that has logged in is none
 * @property {() => Promise<{ default: import("./vendor/htm-preact-standalone.js").ComponentType<any> }>} load
 */

/** @type {View[]} */
export const VIEWS = [
  { path: "/overview", name: "overview", listed: true, load: () => import("./views/overview.js") },
  { path: "/jobs", name: "jobs", listed: true, load: () => import("./views/jobs.js") },
  { path: "/definitions", name: "definitions", listed: true, load: () => import("./views/definitions.js") },
  { path: "/new-definition", name: "definitions", permission: "define", load: () => import("./views/define.js") },
  { path: "/definitions/:code/edit", name: "definitions", permission: "define", load: () => import("./views/define.js") },
  { path: "/actions", name: "actions", listed: true, load: () => import("./views/actions.js") },
  { path: "/types", name: "definitions", load: () => import("./views/types.js") },
  { path: "/types/:code", name: "definitions", load: () => import("./views/type.js") },
  { path: "/definitions/:code", name: "definitions", load: () => import("./views/definition.js") },
  { path: "/jobs/:id", name: "jobs", load: () => import("./views/job.js") },
  { path: "/schedules", name: "schedules", listed: true, load: () => import("./views/schedules.js") },
  { path: "/schedules/new", name: "schedules", permission: "schedule", load: () => import("./views/scheduleform.js") },
  { path: "/schedules/:id", name: "schedules", load: () => import("./views/schedule.js") },
  { path: "/schedules/:id/edit", name: "schedules", permission: "schedule", load: () => import("./views/scheduleform.js") },
  { path: "/runs", name: "schedules", load: () => import("./views/runs.js") },
  { path: "/hooks", name: "hooks", listed: true, load: () => import("./views/hooks.js") },
  { path: "/hooks/:id", name: "hooks", load: () => import("./views/hook.js") },
  { path: "/hooks/:id/mapping", name: "hooks", load: () => import("./views/mapping.js") },
  { path: "/hook-deliveries/:id", name: "hooks", load: () => import("./views/hookdelivery.js") },
  { path: "/endpoints", name: "endpoints", listed: true, load: () => import("./views/endpoints.js") },
  { path: "/endpoints/:id", name: "endpoints", load: () => import("./views/endpoint.js") },
  { path: "/endpoint-deliveries/:id", name: "endpoints", load: () => import("./views/endpointdelivery.js") },
  { path: "/events", name: "events", listed: true, load: () => import("./views/events.js") },
  { path: "/events/:id", name: "events", load: () => import("./views/event.js") },
  { path: "/inbox", name: "inbox", listed: true, personal: true, load: () => import("./views/inbox.js") },
  { path: "/listeners", name: "listeners", listed: true, load: () => import("./views/listeners.js") },
  { path: "/settings", name: "settings", listed: true, load: () => import("./views/settings.js") },
  { path: "/settings/members", name: "settings", permission: "administer", load: () => import("./views/members.js") },
  { path: "/settings/keys", name: "settings", permission: "administer", load: () => import("./views/keys.js") },
  { path: "/settings/secrets", name: "settings", load: () => import("./views/secrets.js") },
  { path: "/settings/notifications", name: "settings", load: () => import("./views/notifications.js") },
  { path: "/settings/retention", name: "settings", load: () => import("./views/retention.js") },
  { path: "/settings/spaces", name: "settings", load: () => import("./views/spaces.js") },
  { path: "/settings/audit", name: "settings", permission: "administer", load: () => import("./views/audit.js") },
  { path: "/settings/profile", name: "settings", load: () => import("./views/profile.js") },
]

/** Where one comes to first. */
export const FIRST = "/jobs"
