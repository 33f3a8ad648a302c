// @ts-check
// What is done with a member: added, changed, let in by a link, logged out, set aside, removed.

import { get, patch, post, remove } from "../api.js"
import { clock } from "../format.js"
import { useReading } from "../reading.js"
import { session } from "../session.js"
import { members as say, settings, shell } from "../strings.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Confirm } from "./confirm.js"
import { FormDialog } from "./formdialog.js"
import { Labelled } from "./labelled.js"
import { Once } from "./once.js"

/** @typedef {{ id: string, name: string, email: string, role: string, active: boolean, deactivatedAt?: string, passwordSetAt?: string }} Member */

const ROLES = ["viewer", "operator", "developer", "admin"]
/** Who may have jobs run at set times, and so own schedules. */
const OWNERS = ["operator", "developer", "admin"]

/** @type {import("../schema.js").Field[]} */
const FIELDS = [
  { name: "name", kind: "text", label: say.name, required: true, most: 128 },
  { name: "email", kind: "text", format: "email", label: say.email, required: true, most: 254 },
  { name: "role", kind: "choice", label: say.role, required: true, options: ROLES.map((value) => ({ value, label: shell.roles[value], help: settings.roleHelp[value] })) },
]

/** Whether nobody else administers the space. @param {{ id: string, role: string, active: boolean } | undefined} member */
function useIsLast(member) {
  const asks = member?.role === "admin" && member.active
  const { data } = useReading(asks ? "/v1/members?role=admin&active=true&pageSize=2" : "")
  return Boolean(asks && data?.length === 1)
}

/** A new member, or one that is changed. @param {{ member?: Member, added: (member: Member) => void, close: () => void, done: () => Promise<void> }} props */
export function MemberForm({ member, added, close, done }) {
  const given = member ? { name: member.name, email: member.email, role: member.role } : { role: "operator" }
  /** @param {any} values */
  const save = async (values) => {
    const { data } = await (member ? patch(`/v1/members/${member.id}`, values) : post("/v1/members", values))
    announce(member ? say.changed(data.name) : say.added(data.name))
    await done()
    if (member) close()
    else added(data)
  }
  const title = member ? say.editTitle(member.name) : say.add
  const isOwn = member?.id === session.value?.keyId
  const isLast = useIsLast(member)
  return html`
    <${FormDialog} title=${title} button=${member ? say.save : say.addIt} fields=${() => FIELDS} given=${given} save=${save} close=${close}>
      ${isOwn && html`<p class="warned">${say.editsYou}</p>`}
      ${isLast && html`<p class="warned">${say.isLast}</p>`}
    <//>
  `
}

/** A link that logs in once. @param {{ member: Member, close: () => void }} props */
export function LinkForm({ member, close }) {
  const [made, setMade] = useState(/** @type {any} */ (null))
  const answered = useRef(false)
  const act = async () => {
    const { data } = await post("/v1/login-links", { member: member.id })
    answered.current = true
    setMade(data)
  }
  const title = say.linkTitle(member.name)
  if (made) return html`<${Once} title=${title} url=${made.url} help=${say.linkMade(clock(made.expiresAt))} close=${close} />`
  // A question closes when it is answered; here the link takes its place.
  return html`<${Confirm} title=${title} button=${say.makeLink} act=${act} close=${() => answered.current || close()}><p>${say.linkHelp(member.name)}</p><//>`
}

/** @param {{ member: Member, close: () => void }} props */
export function LogOutForm({ member: { id, name }, close }) {
  const act = async () => {
    await remove(`/v1/members/${id}/sessions`)
    announce(say.loggedOut(name))
  }
  return html`<${Confirm} title=${say.logOutTitle(name)} button=${say.logOut} act=${act} close=${close}><p>${say.logOutHelp}</p><//>`
}

/** Set aside, or removed: what runs in the member's name is handed over first. @param {{ member: Member, removes: boolean, close: () => void, done: () => Promise<void> }} props */
export function LeaveForm({ member, removes, close, done }) {
  const { id, name } = member
  const isLast = useIsLast(member)
  const { data, error } = useReading(`/v1/members/${id}`)
  const [owner, setOwner] = useState("")
  const handed = useRef(false)
  const act = async () => {
    if (owner && !handed.current) {
      await post("/v1/schedules/hand-over", { former: id, owner, replaceRecipient: true })
      handed.current = true
    }
    await (removes ? remove(`/v1/members/${id}`) : patch(`/v1/members/${id}`, { active: false }))
    announce(removes ? say.removed(name) : say.isAside(name))
    await done()
  }
  const title = removes ? say.removeTitle(name) : say.setAsideTitle(name)
  return html`
    <${Confirm} title=${title} button=${removes ? say.remove : say.setAside} act=${act} close=${close} ready=${Boolean(data || error)} dangerous>
      <p>${removes ? say.removeHelp : say.setAsideHelp}</p>
      ${id === session.value?.keyId && html`<p class="warned">${removes ? say.removesYou : say.isYou}</p>`}
      ${isLast && html`<p class="warned">${say.isLast}</p>`}
      ${data?.schedules > 0 && html`<${HandOver} id=${id} count=${data.schedules} owner=${owner} set=${setOwner} />`}
    <//>
  `
}

/** Who takes the schedules. @param {{ id: string, count: number, owner: string, set: (owner: string) => void }} props */
function HandOver({ id, count, owner, set }) {
  const [others, setOthers] = useState(/** @type {Member[]} */ ([]))
  useEffect(() => {
    const stop = new AbortController()
    get("/v1/members", { active: true, pageSize: 1_000 }, stop.signal).then(
      ({ data }) => setOthers(data.filter((/** @type {Member} */ one) => one.id !== id && OWNERS.includes(one.role))),
      () => {},
    )
    return () => stop.abort()
  }, [id])
  return html`
    <p>${say.owns(count)}</p>
    <${Labelled} label=${say.handOver}>
      ${(/** @type {object} */ marks) => html`
        <select ...${marks} value=${owner} onChange=${(/** @type {any} */ event) => set(event.currentTarget.value)}>
          <option value="">${say.toNobody}</option>
          ${others.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}
        </select>
      `}
    <//>
  `
}
