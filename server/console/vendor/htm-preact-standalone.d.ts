import type { VNode } from "preact"

export * from "preact"
export * from "preact/hooks"

/** A tagged template that makes elements: `html\`<p class=${name}>${text}</p>\``. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): VNode
