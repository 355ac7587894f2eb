import { conform } from './conformance-protocol.ts'

// Whatever ends us early is no success.
process.exitCode = 1
const { code, says } = await conform(process.argv.slice(2), process.env)
if (says !== undefined) process.stderr.write(`${says}\n`)
process.exitCode = code
