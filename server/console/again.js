// @ts-check
// Reading again what events have changed.

const FIRST_MS = 120
const NEXT_MS = 1_000

/** Soon after the first event, then once a second at most, and never twice at a time: what comes while it is read has it read once more. */
export class Again {
  #read
  /** @type {number | undefined} */
  #timer
  #readAt = 0
  #reading = false
  #missed = false
  #ended = false

  /** @param {() => Promise<unknown>} read */
  constructor(read) {
    this.#read = read
  }

  /** Something has happened. */
  later() {
    if (this.#ended) return
    if (this.#reading) this.#missed = true
    else this.#timer ??= setTimeout(() => this.#run(), Math.max(FIRST_MS, this.#readAt + NEXT_MS - Date.now()))
  }

  end() {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  async #run() {
    this.#reading = true
    this.#missed = false
    try {
      await this.#read()
    } finally {
      this.#readAt = Date.now()
      this.#timer = undefined
      this.#reading = false
      if (this.#missed) this.later()
    }
  }
}
