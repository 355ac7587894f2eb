/** A registry of so many signed images, as a process of its own: the service is measured without it. */
import { hold, policyWith, sign, smallImage } from '../test/cli/scene.ts'
import { startRegistry } from '../test/registry/registry.ts'

export type Told = { readonly host: string; readonly policy: object } | { readonly requests: number }
/** How many requests came in, answered to any message. */
const [count = '1'] = process.argv.slice(2)
const registry = await startRegistry()
for (let i = 0; i < Number(count); i++) {
  const { index } = smallImage(`image ${i}`)
  hold(registry, `bench/${i}`, index, '1.0.0')
  sign(registry, `bench/${i}`, index)
}
const tell = (told: Told) => process.send?.(told)
process.on('message', () => tell({ requests: registry.requests.length }))
process.on('disconnect', () => process.exit(0))
tell({ host: registry.host, policy: policyWith() })
