#!/usr/bin/env node
// The entry of sigstore-conformance; bin/conformance is a link to it, since Node 20.0 refuses a name without ending.
import { start } from './launch.mjs'

await start(new URL('../src/cli/conformance.ts', import.meta.url))
