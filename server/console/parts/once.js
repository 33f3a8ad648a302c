// @ts-check
// A secret that is shown this once. It is kept by nobody here: who leaves without it makes a new one.

import { once as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { CodeBlock } from "./copy.js"
import { Dialog } from "./dialog.js"

/** @param {{ title: string, secret?: string, url?: string, help?: string, close: () => void, children?: any }} props */
export const Once = ({ title, secret, url, help, close, children }) => html`
  <${Dialog} title=${title} close=${close} wide=${true}>
    ${url && html`<${CodeBlock} label=${say.address} text=${url} />`}
    ${secret && html`<${CodeBlock} label=${say.secret} text=${secret} /><p class="warned">${say.warning}</p>`}
    ${help && html`<p class="soft">${help}</p>`}
    ${children}
    <footer><button type="button" class="primary" onClick=${close}>${secret ? say.kept : say.done}</button></footer>
  <//>
`
