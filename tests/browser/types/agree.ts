// What the declarations promise the script has, and what the script exports is declared. `script` and `jobscript` are the same files, read by the compiler.

import * as declared from "./tickwire.js"
import * as script from "./script.js"
import * as job from "./job.js"
import * as jobScript from "./jobscript.js"

type Same<A, B> = [keyof A, keyof B] extends [keyof B, keyof A] ? true : false
type Client<M extends { connect: (...options: any) => unknown }> = ReturnType<M["connect"]>

const exported: Same<typeof declared, typeof script> = true
const exportedOfJob: Same<typeof job, typeof jobScript> = true
const client: Same<Client<typeof declared>, Client<typeof script>> = true
const messages: Same<declared.Messages, script.Messages> = true

// In one direction only: where the script says less, as that something is any, it may be anything.
export const connect: typeof declared.connect = script.connect
export const subscribe: declared.Client["subscribe"] = script.connect().subscribe
export const watchJob: declared.Client["watchJob"] = script.connect().watchJob
export const act: (next: declared.Next, job: string) => Promise<any> = script.connect().act
export const now: declared.Client["now"] = script.connect().now
export const ask: declared.Client["ask"] = script.connect().ask
export const words: typeof declared.words = script.words
export const read: ReturnType<declared.Messages["push"]> = new script.Messages().push("")
export { exported, exportedOfJob, client, messages }
