// Follows what TICKWIRE_WANTED says, and writes a line for all that it hears; ends with its input.

const { connect } = await import(process.env.TICKWIRE_CLIENT)
const { url, token, wanted, job } = JSON.parse(process.env.TICKWIRE_WANTED)
const say = (kind) => (what) => process.stdout.write(`${JSON.stringify([kind, what])}\n`)

const client = connect({ url, token })
const told = {
  onEvent: say("event"),
  onProgress: say("progress"),
  onState: say("state"),
  onError: (error) => say("refusal")({ ...error, message: error.message }),
}
if (job) client.watchJob(job, say("job"), told)
else client.subscribe(wanted, told)

process.stdin.on("end", () => process.exit())
process.stdin.resume()
