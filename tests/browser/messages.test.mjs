// The reader of server-sent events.

import assert from "node:assert/strict"
import { test } from "node:test"

import { Messages } from "./fake.mjs"

const read = (...texts) => {
  const messages = new Messages()
  return texts.flatMap((text) => messages.push(text))
}

const SENT = 'retry: 1000\nevent: position\nid: E:1\ndata: {"a":1}\n\n: \n\nid: E:2\ndata: {"b":2}\n\nevent: progress\ndata: {}\n\n'
const MEANT = [
  { name: "position", data: '{"a":1}', id: "E:1" },
  { name: "message", data: '{"b":2}', id: "E:2" },
  { name: "progress", data: "{}", id: "E:2" },
]

test("messages are read as they were meant", () => {
  assert.deepEqual(read(SENT), MEANT)
})

test("wherever they are cut, they are the same", () => {
  for (const ends of ["\n", "\r\n", "\r"]) {
    const sent = SENT.replaceAll("\n", ends) + "\n"
    for (let at = 0; at <= sent.length; at++) {
      assert.deepEqual(read(sent.slice(0, at), sent.slice(at)), MEANT, `${JSON.stringify(ends)} at ${at}`)
    }
    assert.deepEqual(read(...sent), MEANT)
  }
})

test("what is not whole waits", () => {
  assert.deepEqual(read("data: 1\n"), [])
  assert.deepEqual(read("data: 1"), [])
})

test("several lines of data are one text", () => {
  assert.equal(read("data: a\ndata\ndata:b\ndata:  c\n\n")[0].data, "a\n\nb\n c")
})

test("separators of lines within JSON end nothing", () => {
  const data = JSON.stringify("a\u2028b\u2029c\u0085d")
  assert.equal(read(`data: ${data}\n\n`)[0].data, data)
})

test("a message without data is none, and leaves its id but not its name", () => {
  assert.deepEqual(read("event: x\nid: E:7\n\ndata: 1\n\n"), [{ name: "message", data: "1", id: "E:7" }])
})

test("fields that nobody knows are passed over", () => {
  assert.deepEqual(read("novelty: 1\n:comment: data: 2\ndata: 3\n\n"), [{ name: "message", data: "3", id: "" }])
})
