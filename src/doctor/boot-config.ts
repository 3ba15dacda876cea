import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import { type Finding, failure } from "./finding.ts";

/** Where Raspberry Pi OS has it, from 12 on and before. */
const BOOT_CONFIGS = ["/boot/firmware/config.txt", "/boot/config.txt"];
/** The bus on the header's pins 3 and 5, which this setting is about. */
const HEADER_BUS = 1;
const ON = /^\s*dtparam=(?:[^#]*,)?i2c(?:_arm|1)?(?:=on)?\s*(?:,|#|$)/m;

/** Why there is no such I2C bus, as far as the machine's own files tell, and what to do. */
export async function missingBus(number: number, files: Hardware["files"]): Promise<Finding> {
  const says = `no /dev/i2c-${number}`;
  const kernel = await files.list("/sys/bus/i2c/devices");
  if (kernel.includes(`i2c-${number}`)) {
    const mend = "echo i2c-dev | sudo tee /etc/modules-load.d/i2c-dev.conf; sudo modprobe i2c-dev";
    return failure("buses", `${says}: the bus is there, its module i2c-dev is not`, mend);
  }
  const elsewhere = 'set i2c_bus to one of "ls /dev/i2c-*"';
  if (number !== HEADER_BUS) return failure("buses", says, elsewhere);
  for (const path of BOOT_CONFIGS) {
    const text = await files.read(path).catch(() => undefined);
    if (text === undefined) continue;
    if (ON.test(text))
      return failure("buses", `${says}, though ${path} turns it on`, "sudo reboot");
    const mend = `sudo raspi-config nonint do_i2c 0, or add dtparam=i2c_arm=on to ${path}, reboot`;
    return failure("buses", says, mend);
  }
  return failure("buses", says, `sudo raspi-config nonint do_i2c 0, or ${elsewhere}`);
}
