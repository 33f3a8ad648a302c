"use strict";
// Calls Flatfile's client as it is told on standard input, a JSON object a line, and answers each with one on standard output:
// {"call": "jobs.get", "args": [...]} with {"value"} or {"error"}, and in "said" what the client has printed meanwhile.
// {"call": "jobs"} asks for the names of all its methods. Values that JSON has not: {"$date"}, {"$file"} (a path), {"$bytes"} (base64).

const { createReadStream } = require("node:fs");
const { createInterface } = require("node:readline");
const { FlatfileClient } = require(process.argv[2] ?? "@flatfile/api");

let said = [];
for (const way of ["log", "info", "warn", "error", "debug"]) console[way] = (...words) => said.push(words.map(String).join(" "));

const client = new FlatfileClient(); // the environment says where the server is, and with which key

const given = (name, value) => {
  if (value?.$date) return new Date(value.$date);
  if (value?.$file) return createReadStream(value.$file);
  return value;
};

async function bytes(stream) {
  const parts = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return { $bytes: Buffer.concat(parts).toString("base64") };
}

function methods(resource) {
  const found = new Set();
  for (let at = resource; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (typeof at[name] === "function" && name !== "constructor" && !name.startsWith("_")) found.add(name);
    }
  }
  return [...found];
}

async function answer({ call, args = [] }) {
  const [resource, method] = call.split(".");
  if (method === undefined) return methods(client[resource]);
  const value = await client[resource][method](...args);
  return typeof value?.[Symbol.asyncIterator] === "function" ? bytes(value) : value;
}

async function answered(line) {
  said = [];
  try {
    return { value: await answer(JSON.parse(line, given)), said };
  } catch (error) {
    const { name, message, statusCode, body } = error;
    return { error: { kind: error.constructor.name, name, message, statusCode, body }, said };
  }
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answered(line))}\n`);
  }
}

main().then(() => process.exit());
