/**
 * Loads a package that not every machine has.
 *
 * Throws one line that says what to do where it is missing or was built for another Node.
 */
export async function nativeModule<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
      throw new Error(`the package ${name} is not installed: npm install ${name}`);
    }
    if (code === "ERR_DLOPEN_FAILED" || /bindings|NODE_MODULE_VERSION/.test(message ?? "")) {
      throw new Error(`the package ${name} was not built for this Node: npm rebuild ${name}`);
    }
    throw error;
  }
}
