import { Controller, Get, Param, Post } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';

@Controller('bookings')
export class BookingController {
  constructor(private readonly config: ConfigService) {}

  @Get()
  list() {
    return this.config.getOrThrow<string>('JWT_SECRET').length;
  }

  @Get(':id')
  one(@Param('id') id: string) {
    return id;
  }

  @Post()
  create() {}
}
