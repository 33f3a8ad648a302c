// @ts-check
// Who one is here: name and role, how the console looks, the password, and what one is told about.

import { useAnswer } from "../answers.js"
import { remove } from "../api.js"
import { moment } from "../format.js"
import { isFor, ofWhich, readRules, TOPICS } from "../notificationrules.js"
import { Password, Themes, Zones } from "../parts/account.js"
import { Confirm } from "../parts/confirm.js"
import { MemberForm } from "../parts/memberacts.js"
import { Heading } from "../parts/page.js"
import { Settings } from "../parts/settings.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble } from "../parts/trouble.js"
import { useReading } from "../reading.js"
import { address } from "../router.js"
import { may, useSession } from "../session.js"
import { notifications, profile as say, settings, shell } from "../strings.js"
import { html, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../parts/memberacts.js").Member} Member */

export default () => html`<${Settings} name="profile"><${Profile} /><//>`

function Profile() {
  const { member } = useSession()
  return html`
    <${Heading} title=${settings.pages.profile} />
    <div class="with-aside">
      <div>
        ${member ? html`<${Person} id=${member.id} /><${ToldOf} id=${member.id} />` : html`<${Program} />`}
      </div>
      <aside>
        <section aria-labelledby="looks">
          <h2 id="looks">${say.looks}</h2>
          <p class="soft">${say.looksHelp}</p>
          <form class="form"><${Themes} /><${Zones} /></form>
        </section>
      </aside>
    </div>
  `
}

/** @param {{ id: string }} props */
function Person({ id }) {
  const { space } = useSession()
  const { data, error, again } = useReading("/v1/members/me", {}, { topics: ["member:*"], concerns: ({ payload }) => payload.memberId === id })
  const [asked, setAsked] = useState("")
  const close = () => setAsked("")
  if (!data) return html`<${Trouble} error=${error} again=${again} />${!error && html`<${Skeleton} />`}`
  const { name, email, role, passwordSetAt } = data
  return html`
    <section aria-labelledby="person">
      <header><h2 id="person">${say.person}</h2></header>
      <dl class="facts-shown">
        <div><dt>${say.name}</dt><dd>${name}</dd></div>
        <div><dt>${say.email}</dt><dd>${email}</dd></div>
        <div><dt>${say.role}</dt><dd>${shell.roles[role]} <small>${settings.roleHelp[role]}</small></dd></div>
        <div><dt>${say.space}</dt><dd><code>${space}</code></dd></div>
        <div><dt>${say.password}</dt><dd>${passwordSetAt ? say.passwordSet(moment(passwordSetAt)) : say.noPassword}</dd></div>
        <div><dt>${say.id}</dt><dd><code>${id}</code></dd></div>
      </dl>
      <p class="buttons">
        ${may("administer") && html`<button type="button" onClick=${() => setAsked("edit")}>${say.edit}</button>`}
        <button type="button" onClick=${() => setAsked("password")}>${shell.setPassword}</button>
        <button type="button" onClick=${() => setAsked("logOut")}>${say.logOut}</button>
      </p>
      ${!may("administer") && html`<p class="soft">${say.whoEdits}</p>`}
    </section>
    ${asked === "edit" && html`<${MemberForm} member=${data} added=${close} close=${close} done=${again} />`}
    ${asked === "password" && html`<${Password} close=${close} />`}
    ${asked === "logOut" && html`<${Confirm} title=${say.logOutTitle} button=${say.logOut} act=${logOutEverywhere} close=${close}><p>${say.logOutHelp}</p><//>`}
  `
}

/** This session has ended with the others. */
async function logOutEverywhere() {
  await remove("/v1/members/me/sessions")
  location.reload()
}

/** A browser that a key has logged in. */
function Program() {
  const { keyId, role, space, everySpace } = useSession()
  return html`
    <section aria-labelledby="person">
      <header><h2 id="person">${say.program}</h2></header>
      <p class="soft">${say.programHelp}</p>
      <dl class="facts-shown">
        <div><dt>${say.role}</dt><dd>${shell.roles[role]} <small>${settings.roleHelp[role]}</small></dd></div>
        <div><dt>${say.space}</dt><dd>${everySpace ? say.everySpace : html`<code>${space}</code>`}</dd></div>
        <div><dt>${say.id}</dt><dd><code>${keyId}</code></dd></div>
      </dl>
    </section>
  `
}

/** Rules that name the member. @param {{ id: string }} props */
function ToldOf({ id }) {
  const { data, error, again } = useAnswer(readRules, TOPICS, [])
  const own = data?.rules.filter(({ rule }) => isFor(rule, id)) ?? []
  return html`
    <section aria-labelledby="told">
      <header>
        <h2 id="told">${say.told}</h2>
        <a href=${address("/settings/notifications")}>${say.allRules}</a>
      </header>
      <p class="soft">${may("administer") ? say.toldAdministrators : say.toldAll}</p>
      <${Trouble} error=${error} again=${again} />
      ${own.length > 0 &&
      html`
        <ul class="lines">
          ${own.map(({ owner, rule, key }) => html`<li key=${key}><span>${owner.name}<small>${ofWhich(rule)}</small></span><small>${rule.channels.map((/** @type {string} */ one) => notifications.channels[one]).join(", ")}</small></li>`)}
        </ul>
      `}
      ${data && !own.length && html`<p>${say.notNamed}</p>`}
    </section>
  `
}
