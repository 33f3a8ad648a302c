/**
 * Tickwire in a browser: follow the log, watch jobs, show them. docs/browser.md tells how.
 *
 * `<tickwire-progress job="…">` shows a bar with percent, text and the time that is left; `<tickwire-outcome job="…">` shows, once the
 * job has ended, what it ended with and what can be done next. Both use their property `client`, or the first client of the page.
 */

/** A client of one server. It keeps no connection until something is followed. */
export function connect(options?: Options): Client

export interface Options {
  /** The address of the server; by default that which this module was loaded from. */
  url?: string
  /**
   * A subscriber token or key: it is sent in a header, never in an address. A function is asked before each call, and asked again,
   * with `refused`, where the server did not take what it gave: so it can get a new one. Without a token the cookie of a session counts,
   * on pages of the server itself.
   */
  token?: string | ((refused: boolean) => string | Promise<string>)
  /** The code of a space, where the key or session opens several. */
  space?: string
}

export interface Client {
  /**
   * Follow the log. Each event comes once and in order, however often the connection breaks: it is taken up behind the last position,
   * after pauses of 0.1 to 30 s with jitter, and at once when the browser is online again.
   */
  subscribe(wanted: Wanted, told?: Told): Subscription

  /**
   * Follow one job: `show` gets it as it is now, and again whenever it has changed, until it has ended. Nothing is missed between the first
   * answer and what follows; where the log cannot be continued the job is read anew. All jobs of a client share one connection.
   */
  watchJob(id: string, show: (job: Job) => void, told?: Pick<Told, "onState" | "onError">): Watching

  /**
   * Do what a next action offers. `retry` runs the job again, and gives the new job; `acknowledge` notes that a person has seen the outcome,
   * and gives the job. Both take a key or session that may. Links are opened. Else it gives whether there was anything that could be done here: what belongs to the page alone could not.
   */
  act(next: Next, job: string): Promise<Job | boolean>

  /** The JSON that the server answers to a call without a body; throws Refusal. */
  ask(method: string, path: string): Promise<any>

  /** The time of the server in milliseconds, as its newest events tell it: the clock here may be wrong. */
  now(): number
}

export interface Wanted {
  /** Patterns such as `job:*`; all topics without. */
  topics?: string | string[]
  /** Conditions on events, such as `{ jobId: "us_jb_…" }`. */
  filter?: Record<string, unknown>
  /** `now` (the default), `oldest`, or a position, such as the `asOf` of an answer. */
  after?: string
  /** Let live progress of jobs come between the events. */
  progress?: boolean
}

export interface Told {
  onEvent?(event: LogEvent): void
  /** The newest progress of a running job. It is no part of the log: some may be left out. */
  onProgress?(tick: Tick): void
  onState?(state: State): void
  /**
   * The server refuses to go on, and nothing more will come: `cursor_too_old`, `epoch_changed` and `cursor_ahead` where the log cannot be
   * continued from the position, `unauthorized` where the token has ended.
   */
  onError?(refusal: Refusal): void
}

/** `lost`: the connection broke, and is tried again. `ended`: the server has refused. */
export type State = "connecting" | "live" | "lost" | "ended"

export interface Watching {
  close(): void
}

export interface Subscription extends Watching {
  /** That of the last event, or where the server stands if none has matched since: a later subscription can go on after it. */
  readonly position: string
}

export interface LogEvent {
  id: string
  position: string
  createdAt: string
  topic: string
  domain: string
  context: Record<string, any>
  payload: Record<string, any>
  [more: string]: unknown
}

export interface Facts {
  /** Percent, 0 to 100. */
  progress?: number
  done?: number
  total?: number
  /** What the job says that it does. */
  info?: string
  estimatedCompletionAt?: string
  /** Since when the job has made no progress, when that is much longer than before. */
  stalledSince?: string
}

export interface Tick extends Facts {
  id: string
  /** The job's name. */
  job: string
}

export interface Job extends Facts {
  id: string
  job: string
  status: string
  attempt: number
  outcome?: Outcome
  outcomeAcknowledgedAt?: string
  [more: string]: unknown
}

export interface Outcome {
  heading?: string
  message?: string
  next?: Next
  errorFiles?: FileLink[]
  /** Whether a person is asked to say that it was seen. */
  acknowledge?: boolean
  [more: string]: unknown
}

/** `id`, `snapshot` and `view` have a `url` where the space has a link template. */
export interface Next {
  type: "id" | "url" | "download" | "files" | "wait" | "snapshot" | "view" | "retry" | "acknowledge" | string
  label?: string
  url?: string
  fileName?: string
  files?: FileLink[]
  replace?: boolean
  [more: string]: unknown
}

export interface FileLink {
  fileId: string
  label?: string
  url?: string
}

/** What the server refuses, with all that it says of it: `code` is for programs, `message` for people. */
export class Refusal extends Error {
  readonly code: string
  readonly key?: string
  /** Of a cursor that cannot be continued: where the log ends and begins now. */
  readonly head?: string
  readonly oldest?: string
  readonly httpStatus: number
  [more: string]: unknown
}

/** Reads server-sent events: `push` takes text as it comes, and gives the messages that are whole by it. */
export class Messages {
  push(text: string): { name: string; data: string; id: string }[]
}

/** What people read. A page may put other words in their places. */
export const words: Record<string, string | ((span: string) => string)>

/**
 * Raised by `<tickwire-outcome>` when a button is pressed, `tickwire-acknowledge` by that of an outcome which is to be acknowledged. A page that does the action itself, or has its own server do it, calls
 * `preventDefault()`.
 */
export type NextEvent = CustomEvent<{ next: Next; job: Job }>

declare global {
  interface HTMLElementTagNameMap {
    "tickwire-progress": JobElement
    "tickwire-outcome": JobElement
  }
  interface GlobalEventHandlersEventMap {
    "tickwire-next": NextEvent
    "tickwire-acknowledge": NextEvent
  }
}

export interface JobElement extends HTMLElement {
  client?: Client
}
