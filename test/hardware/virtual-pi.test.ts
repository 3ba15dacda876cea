import assert from "node:assert/strict";
import test from "node:test";
import { Machine, type MachineFiles } from "./machine.ts";

const given = process.env.VIRTUAL_PI;
const skip = given === undefined && "runs by npm run test:hardware, which makes the machine";

test("a virtual Pi", { skip }, async (t) => {
  const startedMs = performance.now();
  const pi = await Machine.boot(JSON.parse(given ?? "") as MachineFiles);
  t.after(() => pi.stop());
  console.log(`# booted with ${pi.accelerator} in ${Math.round(performance.now() - startedMs)} ms`);
  const controls = "/sys/kernel/debug/virtual_pi";
  await pi.write(
    `${controls}/calibration`,
    "88 70 6b 43 67 18 fc 7d 8e 43 d6 d0 0b 27 0b 8c 0 f9 ff 8c 3c f8 c6 70 17 0 4b",
  );
  await pi.write(`${controls}/adc_temperature`, "519888");
  await pi.write(`${controls}/adc_pressure`, "415148");
  await pi.write(`${controls}/adc_humidity`, "30281");
  await pi.write(
    "/tmp/try.cjs",
    `
const BME280 = require("/opt/virtual-pi/watercooler/node_modules/bme280-sensor");
const { Gpio } = require("/opt/virtual-pi/watercooler/node_modules/onoff");
const fs = require("fs");
(async () => {
  const one = new BME280({ i2cBusNo: 1, i2cAddress: 0x76 });
  await one.init();
  await new Promise((r) => setTimeout(r, 500));
  console.log(JSON.stringify(await one.readSensorData()));
  const line = new Gpio(970 + 17, "in", "both");
  line.watch((e, v) => { console.log("edge", e, v, Date.now() - t); if (v === 0) process.exit(); });
  const pull = fs.readdirSync("/sys/devices/platform/gpio-sim.0").filter((n) => n.startsWith("gpiochip")).map((n) => "/sys/devices/platform/gpio-sim.0/" + n + "/sim_gpio17/pull").find((p) => fs.existsSync(p));
  let t = Date.now();
  fs.writeFileSync(pull, "pull-up");
  setTimeout(() => { t = Date.now(); fs.writeFileSync(pull, "pull-down"); }, 200);
})();
`,
  );
  console.log(
    (
      await pi.attempt({
        do: "run",
        command: [
          "setpriv",
          "--reuid=watercooler",
          "--regid=watercooler",
          "--groups=gpio,i2c",
          "/opt/virtual-pi/node",
          "/tmp/try.cjs",
        ],
      })
    ).text,
  );
  console.log(
    (await pi.attempt({ do: "run", command: ["/opt/virtual-pi/node", "/tmp/try.cjs"] })).text,
  );
  console.log(await pi.read(`${controls}/transfers`));
  await pi.write(`${controls}/plugged`, "0");
  console.log(
    (await pi.attempt({ do: "run", command: ["i2cget", "-y", "1", "0x76", "0xd0"] })).text,
  );
  await pi.write(`${controls}/plugged`, "1");
  console.log(
    (await pi.attempt({ do: "run", command: ["i2cget", "-y", "1", "0x76", "0xd0"] })).text,
  );
  await pi.write(`${controls}/hang_ms`, "3000");
  const t0 = performance.now();
  console.log(
    (await pi.attempt({ do: "run", command: ["i2cget", "-y", "1", "0x76", "0xd0"] })).text,
    performance.now() - t0,
  );
  console.log(
    (
      await pi.attempt({
        do: "run",
        command: [
          "sh",
          "-c",
          "echo bme280 0x76 > /sys/bus/i2c/devices/i2c-1/new_device; sleep 1; cd /sys/bus/iio/devices/iio:device0; cat name in_temp_input in_pressure_input in_humidityrelative_input",
        ],
      })
    ).text,
  );
  assert.ok(true);
});
