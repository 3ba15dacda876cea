// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * An I2C bus with one Bosch BME280 on it, for tests: it behaves as the data sheet (BST-BME280-DS002)
 * says, so that a driver that works here only by luck is found out. Identity and calibration can't be
 * written, a measurement takes its time, a chip that lost its power forgets its settings.
 *
 * What a person would do with their hands is done under /sys/kernel/debug/virtual_pi:
 *   calibration      write "88 70 6b ...": bytes from that register on, all in hexadecimal
 *   adc_temperature, adc_pressure, adc_humidity   what the next measurement finds
 *   plugged          0: nobody answers; 1: back, with its power-on settings
 *   hang_ms          every transfer takes until so many milliseconds from now, then times out
 *   transfers        how many there were
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#define BUS_NUMBER 1 /* the Pi's own header pins */
#define HANG_MS_MAX 120000
#define CALIBRATION_TEXT_BYTES_MAX 512

/* Registers: data sheet, table 18. */
#define REG_ID 0xd0
#define REG_RESET 0xe0
#define REG_CTRL_HUM 0xf2
#define REG_STATUS 0xf3
#define REG_CTRL_MEAS 0xf4
#define REG_CONFIG 0xf5
#define REG_DATA 0xf7
#define CHIP_ID 0x60
#define RESET_WORD 0xb6
#define STATUS_MEASURING 0x08
#define STATUS_COPYING 0x01
#define START_UP_US 2000 /* table 1: time until the first communication */

enum mode { SLEEP = 0, FORCED = 1, FORCED_TOO = 2, NORMAL = 3 };

static unsigned short address = 0x76;
module_param(address, ushort, 0444);

static struct {
	struct mutex lock;
	u8 registers[256];
	u8 pointer;
	u8 humidity_oversampling; /* ctrl_hum counts only from the next write of ctrl_meas */
	bool measuring;
	ktime_t next; /* end of the measurement, or of the stand-by before the next */
	ktime_t ready; /* when the power-on copy of the calibration is done */
	u32 adc_temperature, adc_pressure, adc_humidity;
	u32 transfers;
	bool plugged;
	ktime_t hang_until;
	wait_queue_head_t released;
} chip;

static struct dentry *folder;

/* Oversampling as written in a control register: 0 is "skipped", 5 and above are 16. */
static unsigned int times(u8 field)
{
	field &= 7;
	return field == 0 ? 0 : 1u << (min_t(u8, field, 5) - 1);
}

static enum mode mode(void)
{
	return chip.registers[REG_CTRL_MEAS] & 3;
}

/* The longest time of a measurement: section 9.1. */
static unsigned int measurement_us(void)
{
	u8 control = chip.registers[REG_CTRL_MEAS];
	unsigned int temperature = times(control >> 5);
	unsigned int pressure = times(control >> 2);
	unsigned int humidity = times(chip.humidity_oversampling);

	return 1250 + 2300 * temperature + (pressure ? 2300 * pressure + 575 : 0) +
	       (humidity ? 2300 * humidity + 575 : 0);
}

/* Stand-by between measurements in normal mode: table 27. */
static unsigned int standby_us(void)
{
	static const unsigned int spans[] = { 500,    62500,   125000, 250000,
					      500000, 1000000, 10000,  20000 };

	return spans[chip.registers[REG_CONFIG] >> 5];
}

static void put20(u8 at, u32 value)
{
	chip.registers[at] = value >> 12;
	chip.registers[at + 1] = value >> 4;
	chip.registers[at + 2] = value << 4;
}

/* What a skipped measurement leaves: table 24 and its neighbours. */
static void put_data(u32 pressure, u32 temperature, u32 humidity)
{
	put20(REG_DATA, pressure);
	put20(REG_DATA + 3, temperature);
	chip.registers[REG_DATA + 6] = humidity >> 8;
	chip.registers[REG_DATA + 7] = humidity;
}

static void latch(void)
{
	u8 control = chip.registers[REG_CTRL_MEAS];

	put_data(times(control >> 2) ? chip.adc_pressure : 0x80000,
		 times(control >> 5) ? chip.adc_temperature : 0x80000,
		 times(chip.humidity_oversampling) ? chip.adc_humidity : 0x8000);
}

static void begin_measurement(ktime_t at)
{
	chip.measuring = true;
	chip.next = ktime_add_us(at, measurement_us());
}

/* Brings the chip to now: measurements that ended in the meantime are in its registers. */
static void advance(void)
{
	ktime_t now = ktime_get();

	if (mode() != SLEEP && ktime_after(now, ktime_add_ms(chip.next, 5000))) {
		/* After a long silence only the last round matters. */
		chip.next = ktime_sub_us(now, 1);
	}
	while (mode() != SLEEP && !ktime_before(now, chip.next)) {
		if (!chip.measuring) {
			begin_measurement(chip.next);
			continue;
		}
		latch();
		chip.measuring = false;
		if (mode() == NORMAL)
			chip.next = ktime_add_us(chip.next, standby_us());
		else
			chip.registers[REG_CTRL_MEAS] &= ~3;
	}
	chip.registers[REG_STATUS] = (chip.measuring ? STATUS_MEASURING : 0) |
				     (ktime_before(now, chip.ready) ? STATUS_COPYING : 0);
}

static void power_on(void)
{
	chip.registers[REG_ID] = CHIP_ID;
	memset(&chip.registers[REG_CTRL_HUM], 0, REG_DATA - REG_CTRL_HUM);
	put_data(0x80000, 0x80000, 0x8000);
	chip.humidity_oversampling = 0;
	chip.measuring = false;
	chip.pointer = 0;
	chip.ready = ktime_add_us(ktime_get(), START_UP_US);
}

static void write_register(u8 at, u8 value)
{
	switch (at) {
	case REG_RESET:
		if (value == RESET_WORD)
			power_on();
		break;
	case REG_CTRL_HUM:
	case REG_CONFIG:
		chip.registers[at] = value;
		break;
	case REG_CTRL_MEAS:
		chip.registers[at] = value;
		chip.humidity_oversampling = chip.registers[REG_CTRL_HUM];
		chip.measuring = false;
		if (mode() != SLEEP)
			begin_measurement(ktime_get());
		break;
	default: /* all else is read-only: section 5.4 */
		break;
	}
}

/* One message; a written one is a register and its value, again and again (section 6.2.1). */
static void message(struct i2c_msg *one)
{
	int i;

	if (one->flags & I2C_M_RD) {
		for (i = 0; i < one->len; i++)
			one->buf[i] = chip.registers[chip.pointer++];
		return;
	}
	for (i = 0; i < one->len; i += 2) {
		chip.pointer = one->buf[i];
		if (i + 1 < one->len)
			write_register(chip.pointer, one->buf[i + 1]);
	}
}

/* As a bus whose clock is held down: nobody can end the wait, not even a kill. */
static int hang(void)
{
	ktime_t now = ktime_get();

	if (!ktime_before(now, READ_ONCE(chip.hang_until)))
		return 0;
	while (ktime_before(now, READ_ONCE(chip.hang_until))) {
		s64 left = ktime_ms_delta(READ_ONCE(chip.hang_until), now);

		wait_event_timeout(chip.released,
				   !ktime_before(ktime_get(), READ_ONCE(chip.hang_until)),
				   msecs_to_jiffies(left + 1));
		now = ktime_get();
	}
	return -ETIMEDOUT;
}

static int transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	int i, result = hang();

	mutex_lock(&chip.lock);
	chip.transfers++;
	for (i = 0; i < count && result == 0; i++) {
		/* i2c-bcm2835's word for "no acknowledgement". */
		if (messages[i].addr != address || !chip.plugged) {
			result = -EREMOTEIO;
			break;
		}
		advance();
		message(&messages[i]);
	}
	mutex_unlock(&chip.lock);
	/* 100 kHz: ten bits or so a byte. */
	for (i = 0; i < count; i++)
		usleep_range(90 * (messages[i].len + 1), 110 * (messages[i].len + 1));
	return result == 0 ? count : result;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = {
	.master_xfer = transfer,
	.functionality = functionality,
};

static struct i2c_adapter bus = {
	.owner = THIS_MODULE,
	.algo = &algorithm,
	.nr = BUS_NUMBER,
	.name = "virtual Pi",
};

static ssize_t calibration_write(struct file *file, const char __user *from, size_t count,
				 loff_t *offset)
{
	char text[CALIBRATION_TEXT_BYTES_MAX], *rest = text;
	unsigned int at, value;
	int used;

	if (count >= sizeof(text))
		return -E2BIG;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	text[count] = 0;
	if (sscanf(rest, "%x%n", &at, &used) != 1)
		return -EINVAL;
	mutex_lock(&chip.lock);
	for (rest += used; sscanf(rest, "%x%n", &value, &used) == 1; rest += used)
		chip.registers[(u8)at++] = value;
	mutex_unlock(&chip.lock);
	return count;
}

static const struct file_operations calibration = {
	.owner = THIS_MODULE,
	.write = calibration_write,
};

static int plugged_get(void *data, u64 *value)
{
	*value = chip.plugged;
	return 0;
}

static int plugged_set(void *data, u64 value)
{
	mutex_lock(&chip.lock);
	if (value && !chip.plugged)
		power_on();
	chip.plugged = value != 0;
	mutex_unlock(&chip.lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(plugged, plugged_get, plugged_set, "%llu\n");

static int hang_get(void *data, u64 *value)
{
	s64 left = ktime_ms_delta(chip.hang_until, ktime_get());

	*value = left > 0 ? left : 0;
	return 0;
}

static int hang_set(void *data, u64 value)
{
	if (value > HANG_MS_MAX)
		return -EINVAL;
	WRITE_ONCE(chip.hang_until, ktime_add_ms(ktime_get(), value));
	wake_up_all(&chip.released);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(hanging, hang_get, hang_set, "%llu\n");

static int __init virtual_pi_init(void)
{
	int result;

	mutex_init(&chip.lock);
	init_waitqueue_head(&chip.released);
	chip.adc_temperature = chip.adc_pressure = 0x80000;
	chip.adc_humidity = 0x8000;
	chip.plugged = true;
	power_on();
	result = i2c_add_numbered_adapter(&bus);
	if (result)
		return result;
	folder = debugfs_create_dir("virtual_pi", NULL);
	debugfs_create_file("calibration", 0200, folder, NULL, &calibration);
	debugfs_create_u32("adc_temperature", 0600, folder, &chip.adc_temperature);
	debugfs_create_u32("adc_pressure", 0600, folder, &chip.adc_pressure);
	debugfs_create_u32("adc_humidity", 0600, folder, &chip.adc_humidity);
	debugfs_create_u32("transfers", 0400, folder, &chip.transfers);
	debugfs_create_file_unsafe("plugged", 0600, folder, NULL, &plugged);
	debugfs_create_file_unsafe("hang_ms", 0600, folder, NULL, &hanging);
	return 0;
}

static void __exit virtual_pi_exit(void)
{
	debugfs_remove(folder);
	i2c_del_adapter(&bus);
}

module_init(virtual_pi_init);
module_exit(virtual_pi_exit);
MODULE_DESCRIPTION("I2C bus with a BME280, for Watercooler's tests");
MODULE_LICENSE("Dual MIT/GPL");
