/** A registry of strangers on loopback, with an image that is signed and a twin that was attacked. */
import { onTestFinished } from 'vitest'
import { hold, policyWith, sign, smallImage, stranger } from '../cli/scene.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'

export { policyWith }

/** What an operator writes so that a registry of a test may be asked. */
export const allowing = (...registries: readonly TestRegistry[]): Readonly<Record<string, string>> => {
  const hosts = registries.map(({ host }) => host).join(',')
  return { MESHPROOF_REGISTRY_ALLOWED: hosts, MESHPROOF_REGISTRY_INSECURE: hosts }
}

export async function registryForFile(): Promise<TestRegistry> {
  return startRegistry()
}

export async function otherRegistry(options: Parameters<typeof startRegistry>[0] = {}): Promise<TestRegistry> {
  const registry = await startRegistry(options)
  onTestFinished(() => registry.close())
  return registry
}

/** Pushes an image that the key of the policy signed. */
export function signed(registry: TestRegistry, path: string, by?: 'a stranger'): string {
  const { index } = smallImage(path)
  hold(registry, path, index, '1.0.0')
  sign(registry, path, index, by === undefined ? {} : { by: stranger })
  return `${registry.host}/${path}:1.0.0`
}

export const asking = (image: string, more: object = {}): object => ({
  subject: { image },
  policy: policyWith(),
  ...more,
})
