"""Sixty expressions and forty zones on which calendars must agree."""

EXPRESSIONS = (
    "* * * * *", "*/5 * * * *", "*/10 * * * *", "*/7 * * * *", "3-59/20 * * * *", "0 * * * *", "30 * * * *", "0 */2 * * *",
    "0 */3 * * *", "0 */6 * * *", "15,45 */4 * * *", "*/30 1-3 * * *", "*/15 0,1,2,3 * * 0", "0-59/20 0-3 * * *", "30 0 * * *",
    "0 0 * * *", "0 1 * * *", "30 1 * * *", "0 2 * * *", "15 2 * * *", "30 2 * * *", "0 3 * * *",
    "30 23 * * *", "0,30 2,3 * * *", "0 0,6,12,18 * * *", "30 1,2 * * 0", "0 9 * * 1-5", "0 9 * * MON-FRI", "0 0 * * 7",
    "30 2 * * sun", "0 2 * * sat-sun", "0 3 1 * *", "0 0 1,15 * *", "30 1 31 * *", "0 9 13 * 5", "0 9 */2 * 1",
    "0 9 1-7 * */2", "30 2 25-31 3,10 *", "0 0 29 2 *", "0 12 1 jan,jul *", "59 23 31 12 *", "0 8-18/2 * * 1-5",
    "0 0 12 * * ?", "0 0 9 ? * 2", "0 0 0/2 * * ?", "0 30 1 * * ?", "0/30 30 2 * * ?", "*/15 */30 2 * * ?", "0 15 2 ? * 1",
    "0 0 3 L * ?", "0 0 3 L-3 * ?", "0 30 2 15W * ?", "0 0 2 LW * ?", "0 0 0 1W * ?", "0 30 2 ? 3,10,11 1L", "0 30 1 ? * 1#2",
    "0 0 9 ? * FRI-MON", "0 30 22-2 * * ?", "0 0 2 ? NOV-FEB SUN#1", "0 30 2 ? 3-4 * 2002-2030/3",
)  # fmt: skip
ZONES = (
    "UTC", "Europe/Paris", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Moscow", "Europe/Istanbul", "Europe/Volgograd",
    "America/New_York", "America/Chicago", "America/Los_Angeles", "America/St_Johns", "America/Sao_Paulo", "America/Havana",
    "America/Santiago", "America/Asuncion", "America/Caracas", "America/Argentina/San_Luis", "America/Nuuk", "America/Scoresbysund",
    "Africa/Casablanca", "Africa/Cairo", "Africa/Windhoek", "Asia/Tehran", "Asia/Gaza", "Asia/Beirut", "Asia/Amman", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Pyongyang", "Asia/Dhaka", "Asia/Hovd", "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Apia",
    "Pacific/Fakaofo", "Pacific/Chatham", "Pacific/Fiji", "Antarctica/Troll", "Antarctica/Casey",
)  # fmt: skip
