#!/usr/bin/env node
import { start } from './launch.mjs'

await start(new URL('../src/cli/main.ts', import.meta.url))
