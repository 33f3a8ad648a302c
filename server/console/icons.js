// @ts-check
// Icons: lines on a grid of 16, in the colour of the text beside them. They say nothing that words do not.

import { html } from "./vendor/htm-preact-standalone.js"

const PATHS = /** @type {Record<string, string>} */ ({
  overview: "M2 9h5V2H2zM9 14h5V7H9zM2 14h5v-3H2zM9 5h5V2H9z",
  jobs: "M2 4h12M2 8h8M2 12h5",
  definitions: "M4 2h6l3 3v9H4zM10 2v3h3M6 8h5M6 11h5",
  schedules: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3",
  hooks: "M10 2v7a3 3 0 1 1-6 0V8M4 8 2.5 9.5M4 8l1.5 1.5M8 2h4",
  endpoints: "M2 8h9M8 5l3 3-3 3M13.5 3v10",
  events: "M1.5 8h3l2-5 3 10 2-5h3",
  inbox: "M2 9 4 3h8l2 6v4H2zM2 9h3.5l1 2h3l1-2H14",
  listeners: "M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M3.8 12.2a6 6 0 0 1 0-8.4M12.2 3.8a6 6 0 0 1 0 8.4",
  settings: "M2 4.5h7M12 4.5h2M9 3v3h3V3zM2 11.5h2M7 11.5h7M4 10v3h3v-3z",
  space: "M8 2 14 5 8 8 2 5zM2 8l6 3 6-3M2 11l6 3 6-3",
  person: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.5 14c.6-3 2.7-4 5.5-4s4.9 1 5.5 4",
  menu: "M2 4h12M2 8h12M2 12h12",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  down: "M4 6l4 4 4-4",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10M10.5 10.5 14 14",
  pause: "M5 3v10M11 3v10",
  play: "M4.5 2.5 13 8l-8.5 5.5z",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  add: "M8 3v10M3 8h10",
  actions: "M9 1.5 3 9h4.5L7 14.5 13 7H8.5z",
  download: "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
  upload: "M8 11V3M4.5 6 8 2.5 11.5 6M2.5 13.5h11",
  remove: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9M7 7v4M9 7v4",
  again: "M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3",
  send: "M2 8 14 2.5 9.5 14 7.5 9z",
  edit: "M3 13l.6-3L11 2.6 13.4 5 6 12.4z",
  check: "M3 8.5 6.5 12 13 4.5",
  more: "M3 8h.1M8 8h.1M13 8h.1",
  plus: "M8 3v10M3 8h10",
  open: "M9.5 2.5h4v4M13.5 2.5 8 8M12 9.5v4H2.5V4h4",
  view: "M2 3.5h12M4 8h8M6.5 12.5h3",
  retry: "M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3",
  stop: "M4 4h8v8H4z",
  warning: "M8 2 14.5 13.5h-13zM8 6.5V10M8 11.8v.2",
})

/** @param {{ name: string, size?: number }} props */
export const Icon = ({ name, size = 16 }) => html`
  <svg class="icon" width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name] ?? ""} /></svg>
`

/** What apps call icons of their actions, and which of these comes near to it. */
const NEAR = /** @type {[RegExp, string][]} */ ([
  [/down|export|save/i, "download"],
  [/up|import/i, "upload"],
  [/trash|delete|remove|clean|bin/i, "remove"],
  [/again|refresh|sync|reload|rotate|index/i, "again"],
  [/send|mail|submit|share/i, "send"],
  [/edit|pen|write/i, "edit"],
  [/search|find/i, "search"],
  [/check|valid|approve/i, "check"],
  [/play|run|start/i, "play"],
])

/** @param {string | undefined} name of an app's icon */
export const iconOf = (name) => (name && (PATHS[name] ? name : NEAR.find(([like]) => like.test(name))?.[1])) || "actions"
