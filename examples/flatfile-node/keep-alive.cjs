"use strict";
// @flatfile/api 1.23.1 sends a header that the fetch of Node refuses, so that none of its calls leaves the machine ("fetch failed").
// Load this before it: node --require ./keep-alive.cjs ... (or NODE_OPTIONS), or stay with 1.23.0.

const { fetch } = globalThis;

globalThis.fetch = (address, options = {}) => {
  const headers = new Headers(options.headers);
  headers.delete("Keep-Alive");
  return fetch(address, { ...options, headers });
};
